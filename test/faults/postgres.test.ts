import { setTimeout as sleep } from 'node:timers/promises';
import { FaultBench, type Strike } from './fault-bench';

jest.setTimeout(24 * 3_600_000);

/** The postmaster, or one of the processes that serve the sessions: that makes the server end all the others too. */
const killPostgres: Strike = async ({ stack, dice }) => {
  if (stack.postgres === undefined) throw new Error('the stack has no server of its own');
  if (dice.between(0, 1) === 0) {
    await stack.postgres.kill();
    await sleep(dice.between(0, 1_500));
    await stack.postgres.restart();
    return 'the postmaster';
  }
  const backends = await stack.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
     ORDER BY query_start DESC`,
  );
  process.kill(dice.pick(backends).pid, 'SIGKILL');
  return 'a backend';
};

describe('kill -9 of PostgreSQL', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start({ name: 'postgres', shareMs: 38_000, part: 0.2, postgres: 'own' });
  });
  afterAll(() => bench?.stop());

  it('loses nothing and does nothing twice', async () => {
    expect(await bench.campaign(killPostgres, 10_000)).toEqual([]);
  });
});
