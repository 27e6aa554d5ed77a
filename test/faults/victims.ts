import { setTimeout as sleep } from 'node:timers/promises';
import type { StackProcess } from '../support/stack-process';
import type { Strike } from './fault-bench';

const LONGEST_ABSENCE_MS = 1_500;

/** Each of these kills with SIGKILL, and starts again what does not come back by itself. */
export const killWorker: Strike = async ({ stack: { workers } }) => {
  await killed(workers);
  return 'the worker';
};

export const killApi: Strike = async ({ stack: { apis } }) => {
  await killed(apis.map(({ process }) => process));
  return 'the API';
};

export const killTemporal: Strike = async ({ stack: { temporal }, dice }) => {
  await killed([temporal.process], dice.between(0, LONGEST_ABSENCE_MS));
  return 'the Temporal server';
};

/** The postmaster, or a process that serves a session: at the end of one the server ends all others too. */
export const killPostgres: Strike = async ({ stack, dice }) => {
  if (stack.postgres === undefined) throw new Error('the stack has no PostgreSQL of its own');
  if (dice.between(0, 1) === 0) {
    await killed([stack.postgres], dice.between(0, LONGEST_ABSENCE_MS));
    return 'the postmaster';
  }
  const sessions = await stack.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
     ORDER BY query_start DESC`,
  );
  process.kill(dice.pick(sessions).pid, 'SIGKILL');
  return 'a session of PostgreSQL';
};

/** As when the power fails: all at once, and what the others stand on comes back first. */
export const killEverything: Strike = async ({ stack: { workers, apis, temporal, postgres } }) => {
  const services = [...workers, ...apis.map(({ process }) => process)];
  const foundations = [temporal.process, ...(postgres === undefined ? [] : [postgres])];
  await Promise.all([...services, ...foundations].map((process) => process.kill()));
  await Promise.all(foundations.map((process) => process.restart()));
  await Promise.all(services.map((process) => process.restart()));
  return 'everything';
};

/** A worker that is asked to end, and another one after it. */
export const replaceWorker: Strike = async ({ stack: { workers } }) => {
  for (const worker of workers) await worker.kill('SIGTERM');
  await Promise.all(workers.map((worker) => worker.restart()));
  return 'the worker, in order,';
};

async function killed(processes: readonly StackProcess[], absenceMs = 0): Promise<void> {
  await Promise.all(processes.map((process) => process.kill()));
  await sleep(absenceMs);
  await Promise.all(processes.map((process) => process.restart()));
}
