import type { CycleRecord, CycleStore } from '../../src/ports/stores';

const REMEMBERED = 200;

/** Reads each cycle once: what activities need of it, its request and its start, never changes. Its state does: don't ask here. */
export function rememberCycles(cycles: CycleStore): CycleStore {
  const known = new Map<string, CycleRecord>();
  return {
    ...cycles,
    async get(cycleId) {
      const remembered = known.get(cycleId) ?? (await cycles.get(cycleId));
      known.delete(cycleId);
      known.set(cycleId, remembered);
      const [oldest] = known.keys();
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
      return remembered;
    },
  };
}
