import type { ApiDeps } from '../../src/api/deps';

/** Remembers nothing. */
export const fakeMemory: ApiDeps['memory'] = {
  search: () => Promise.resolve({ items: [], nextCursor: null }),
  node: () => Promise.resolve(undefined),
  neighbours: () => Promise.resolve(undefined),
  lineage: () => Promise.resolve(undefined),
  evolution: () => Promise.resolve(undefined),
  beliefs: () => Promise.resolve([]),
};
