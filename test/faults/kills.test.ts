import { sealedAuditLog } from '../support/audit-verification';
import { wrongPeriods } from './cycle-facts';
import { FaultBench } from './fault-bench';
import { until } from '../e2e/research-client';
import { killApi, killEverything, killPostgres, killTemporal, killWorker, replaceWorker } from './victims';

jest.setTimeout(24 * 3_600_000);

/** So many that they take two seconds, and so few that nobody need be asked. */
const RUNS = 60;

describe('a cycle outlives the processes that run it', () => {
  let bench: FaultBench;
  beforeAll(async () => void (bench = await FaultBench.start()));
  afterAll(() => bench?.stop());

  it.each([
    ['the worker', killWorker, { everyGroup: true, shareMs: 20_000, killMs: 17_000, part: 0.3 }],
    ['PostgreSQL', killPostgres, { everyGroup: true, shareMs: 10_000, killMs: 8_000, part: 0.3 }],
    ['the Temporal server', killTemporal, { everyGroup: true, shareMs: 10_000, killMs: 10_000, part: 0.2 }],
    ['the API', killApi, { everyGroup: true, shareMs: 10_000, killMs: 8_000, part: 0.1 }],
    ['everything at once', killEverything, { everyGroup: false, shareMs: 0, killMs: 25_000, part: 0.1 }],
  ])('kill -9 of %s loses nothing and does nothing twice', async (_victim, kill, options) => {
    expect(await bench.campaign(kill, options)).toEqual([]);
  });

  it('a worker that is replaced in order repeats no call', async () => {
    expect(await bench.interrupt(replaceWorker)).toEqual([]);
  });

  it('a worker that is asked to end begins nothing more and leaves nothing open', async () => {
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

  it('decisions that are waited for stay open through the kill of everything, and are obeyed', async () => {
    const { client, stack } = bench;
    // In lab nobody is asked.
    await stack.query(`UPDATE mode_state SET mode = 'shadow', version = version + 1`);
    const id = await bench.startCycle(bench.nextTarget(), {
      focus: 'instruction_override',
      max_hypotheses: 1,
      max_experiments: 2,
      runs_per_experiment: 12,
    });
    const { workflow_id: workflowId } = await client.cycle(id);
    const before = await client.pending(workflowId, 2);
    await killEverything(bench);
    const after = await client.pending(workflowId, 2);
    expect(after).toEqual(before);

    const [approved = '', rejected = ''] = after.map((approval) => approval.id);
    // The answer to this one may be lost on the way.
    const sent = client.decide(approved, 'approved').catch(() => undefined);
    await killApi(bench);
    await sent;
    expect((await client.decide(approved, 'approved')).status).toBe(200);
    expect((await client.decide(rejected, 'rejected')).status).toBe(200);
    expect((await client.decide(rejected, 'approved')).status).toBe(409);

    // Nobody decides on the replays: with the cycle they are withdrawn.
    const replays = `SELECT FROM approvals WHERE cycle_id = $1 AND action_type = 'RUN_SIMULATION' AND state = 'pending'`;
    await until(
      () => stack.query(replays, [id]),
      (rows) => rows.length > 0,
    );
    await client.api.post(`/research/cycles/${id}/cancel`);
    await bench.hasEnded(id);
    const steps = await stack.query(
      `SELECT d.decision, e.state, (SELECT count(*)::int FROM experiment_runs r WHERE r.experiment_id = e.id) AS runs
       FROM approvals a JOIN approval_decisions d ON d.approval_id = a.id
       JOIN experiments e ON e.id::text = a.subject_id
       WHERE a.cycle_id = $1 ORDER BY d.decision`,
      [id],
    );
    // Half of the runs, as shadow has it.
    expect(steps).toEqual([
      { decision: 'approved', state: 'done', runs: 6 },
      { decision: 'rejected', state: 'skipped', runs: 0 },
    ]);
    expect(await wrongPeriods(stack)).toEqual([]);
    expect(await sealedAuditLog(stack)).toMatchObject({ ok: true, unsealed: { count: 0 } });
  });
});
