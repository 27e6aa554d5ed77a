import { createContext, Script } from 'node:vm';
import { DomainError } from '../domain/errors';

const LIMIT_MS = 1_000;

const sandbox: { job?: () => void } = {};
createContext(sandbox);
const script = new Script('job()');

/**
 * Runs a synchronous job, at most a second long: what an untrusted rule costs can be bounded by its size only so far.
 * @throws {DomainError} `invalid_experiment` when the time is up; state that the job was changing is then lost.
 */
export function withinTimeLimit<T>(what: string, job: () => T): T {
  const done: { readonly answer: T }[] = [];
  sandbox.job = () => void done.push({ answer: job() });
  try {
    script.runInContext(sandbox, { timeout: LIMIT_MS });
  } catch (error) {
    if (codeOf(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new DomainError('invalid_experiment', `${what} takes longer than ${LIMIT_MS} ms`);
  } finally {
    delete sandbox.job;
  }
  const [result] = done;
  if (result === undefined) throw new Error(`${what} did not run`);
  return result.answer;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
