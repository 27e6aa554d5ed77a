import { FaultBench, type Strike } from './fault-bench';

jest.setTimeout(24 * 3_600_000);

const killApi: Strike = async ({ stack }) => {
  const [api] = stack.apis;
  await api?.process.kill();
  await api?.process.restart();
  return 'the API';
};

describe('kill -9 of the API', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start({ name: 'api', shareMs: 25_000, part: 0.15 });
  });
  afterAll(() => bench?.stop());

  it('holds no cycle up', async () => {
    expect(await bench.campaign(killApi, 9_000)).toEqual([]);
  });
});
