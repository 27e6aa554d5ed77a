import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields of log lines, by the names they have there. */
export type LogFields = Readonly<Record<string, unknown>>;

const NONE: LogFields = {};
const storage = new AsyncLocalStorage<LogFields>();

/** Runs work whose log lines, and those of what it waits for, carry these fields beside the ones around it. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...fields }, work);
}

/** The fields that are around the caller. */
export function currentLogFields(): LogFields {
  return storage.getStore() ?? NONE;
}
