import type { EdgeKind, NodeKind } from '../domain/memory';
import type { ApiRecord, Page } from './records';

/** Which nodes a search finds; nothing is required. */
export interface MemorySearch {
  /** Words, not necessarily spelt alike. */
  readonly q?: string | undefined;
  readonly kind?: NodeKind | undefined;
  readonly failureType?: string | undefined;
  readonly target?: string | undefined;
  /** What held then; without it, what holds now. */
  readonly asOf?: Date | undefined;
}

export interface NeighbourQuery {
  /** Steps from the node, 1 to 3. */
  readonly depth: number;
  readonly relation?: EdgeKind | undefined;
  readonly asOf?: Date | undefined;
}

/** The read side of the memory, as API and command line show it. What is recorded later than `asOf` is not there. */
export interface MemoryRecords {
  /** The likest first; without words, the latest. @throws {DomainError} `invalid_cursor`. */
  search(
    filter: MemorySearch,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page>;
  node(id: string, asOf?: Date): Promise<ApiRecord | undefined>;
  /** Nodes and edges around a node, the nearest first, at most 200 nodes. Undefined when the node is unknown. */
  neighbours(id: string, query: NeighbourQuery): Promise<ApiRecord | undefined>;
  /** Where a failure comes from and what was done about it. Undefined when it is unknown. */
  lineage(failureId: string, asOf?: Date): Promise<ApiRecord | undefined>;
  /** How a failure went over all cycles: its rate each time, its states, deployments against it. */
  evolution(failureId: string, asOf?: Date): Promise<ApiRecord | undefined>;
  /** What is believed of each failure type that was tested on a target. */
  beliefs(target: string, asOf?: Date): Promise<readonly ApiRecord[]>;
}
