import { setTimeout as sleep } from 'node:timers/promises';
import { FaultBench, type Strike } from './fault-bench';

jest.setTimeout(24 * 3_600_000);

const killTemporal: Strike = async ({ stack, dice }) => {
  await stack.temporal.process.kill();
  await sleep(dice.between(0, 1_500));
  await stack.temporal.process.restart();
  return 'the Temporal server';
};

describe('kill -9 of the Temporal dev server', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start({ name: 'temporal', shareMs: 35_000, part: 0.2 });
  });
  afterAll(() => bench?.stop());

  it('loses nothing and does nothing twice', async () => {
    expect(await bench.campaign(killTemporal, 12_000)).toEqual([]);
  });
});
