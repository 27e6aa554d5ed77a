import type { MemoryEdge, MemoryNode, NodeKind } from '../domain/memory';
import type { MemoryStore } from '../ports/stores';

const DEFAULT_LIMIT = 100;

/** A node beside another, and the edge between them. */
export interface Neighbour {
  readonly edge: MemoryEdge;
  readonly node: MemoryNode;
}

/** What Tinman remembers, over all cycles: what was tried, what failed, what helped. */
export interface MemoryGraph {
  /** Newest first, 100 unless `limit` says otherwise. */
  nodes(filter?: {
    readonly kind?: NodeKind;
    readonly key?: string;
    readonly limit?: number;
  }): Promise<readonly MemoryNode[]>;
  /** What is tied to a node, in either direction, oldest first. */
  neighbours(nodeId: string): Promise<readonly Neighbour[]>;
  /** The graph as it was at a past moment. */
  asOf(moment: Date): MemoryGraph;
}

/** Without a moment, the graph as it is whenever it is asked. */
export function memoryGraph(memory: MemoryStore, moment?: Date): MemoryGraph {
  return {
    nodes: ({ limit = DEFAULT_LIMIT, ...filter } = {}) =>
      memory.nodes({ ...filter, limit, ...(moment === undefined ? {} : { asOf: moment }) }),
    neighbours: (nodeId) => memory.neighbours(nodeId, moment),
    asOf: (earlier) => memoryGraph(memory, earlier),
  };
}
