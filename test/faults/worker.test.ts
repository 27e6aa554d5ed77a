import { FaultBench, type Strike } from './fault-bench';

jest.setTimeout(24 * 3_600_000);

/** So many that they take two seconds, and so few that nobody need be asked. */
const RUNS = 60;

const killWorker: Strike = async ({ stack: { workers } }) => {
  await workers[0]?.kill();
  await workers[0]?.restart();
  return 'the worker';
};

describe('the end of a worker', () => {
  let bench: FaultBench;
  beforeAll(
    async () => void (bench = await FaultBench.start({ name: 'worker', shareMs: 60_000, part: 0.25 })),
  );
  afterAll(() => bench?.stop());

  it('by SIGTERM ends what is under way and begins nothing more', async () => {
    const target = bench.nextTarget();
    const id = await bench.startCycle(target, { focus: 'instruction_override', runs_per_experiment: RUNS });
    await bench.within(bench.target.nextCall(target), 'the target was never asked');
    const [worker] = bench.stack.workers;
    await worker?.kill('SIGTERM');
    const entries = await bench.stack.query<{ state: string; recorded: boolean; calls: number }>(
      `SELECT l.state, r.id IS NOT NULL AS recorded,
              coalesce(sum(jsonb_array_length(r.transcript -> 'calls')), 0)::int AS calls
       FROM cost_ledger l LEFT JOIN experiment_runs r ON l.operation = 'run/' || r.id
       WHERE l.cycle_id = $1 GROUP BY 1, 2 ORDER BY 1`,
      [id],
    );
    const { calls } = bench.target.counted(target);
    expect(entries).toEqual([
      { state: 'released', recorded: false, calls: 0 },
      { state: 'settled', recorded: true, calls },
    ]);
    // It has ten seconds for its end, in which all of them could be done.
    expect(calls).toBeLessThan(RUNS / 2);
    await worker?.restart();
    expect((await bench.client.api.post(`/research/cycles/${id}/cancel`)).status).toBe(202);
    await bench.hasEnded(id);
  });

  it('by SIGTERM repeats no call', async () => {
    const replaceWorker: Strike = async ({ stack: { workers } }) => {
      await workers[0]?.kill('SIGTERM');
      await workers[0]?.restart();
      return 'the worker, in order,';
    };
    expect(await bench.interrupt(replaceWorker)).toEqual([]);
  });

  it('by kill -9 loses nothing and does nothing twice', async () => {
    expect(await bench.campaign(killWorker, 18_000)).toEqual([]);
  });
});
