import { EDGE_KINDS, NODE_KINDS } from '../domain/memory';
import { fromJson, member } from './columns';
import { insertMissing } from './insert-rows';
import { readKnownFailures } from './known-failures';
import { validAt } from './memory-neighbours';
import { readTestedHypotheses } from './tested-hypotheses';
import { readTypeHistory } from './type-history';
import type { JsonObject } from '../domain/chat';
import type { MemoryEdge, MemoryNode } from '../domain/memory';
import type { MemoryGraph } from '../domain/learning';
import type { MemoryStore } from '../ports/stores';
import type { PrismaClient, Transaction } from './client';
import type { MemoryEdge as EdgeRow, MemoryNode as NodeRow } from './generated/client';

const NODES = {
  table: 'memory_nodes',
  columns: {
    id: 'uuid',
    kind: 'text',
    key: 'text',
    label: 'text',
    data: 'jsonb',
    valid_from: 'timestamptz',
    valid_to: 'timestamptz',
  },
} as const;

const EDGES = {
  table: 'memory_edges',
  columns: {
    id: 'uuid',
    kind: 'text',
    from_id: 'uuid',
    to_id: 'uuid',
    valid_from: 'timestamptz',
    valid_to: 'timestamptz',
  },
} as const;

export function createMemoryStore(prisma: PrismaClient): MemoryStore {
  return {
    /**
     * Read from the tables, not from the graph: both say the same of ended cycles, but the tables have each run and
     * each failure with its state of today under an index, and know a cycle that ended before it could learn.
     */
    async snapshot(target, exceptCycleId) {
      const query = { target, exceptCycleId, asOf: new Date() };
      const [history, knownFailures, testedHypotheses] = await Promise.all([
        readTypeHistory(prisma, query),
        readKnownFailures(prisma, target, exceptCycleId),
        readTestedHypotheses(prisma, query),
      ]);
      return { history, knownFailures, testedHypotheses };
    },

    write: (nodes, edges) => prisma.$transaction((tx) => writeGraph(tx, { nodes, edges })),

    async nodes({ kind, key, asOf, limit }) {
      const rows = await prisma.memoryNode.findMany({
        where: {
          ...(kind === undefined ? {} : { kind }),
          ...(key === undefined ? {} : { key }),
          ...validAt(asOf),
        },
        orderBy: [{ validFrom: 'desc' }, { id: 'desc' }],
        take: limit,
      });
      return rows.map(toNode);
    },

    async neighbours(nodeId, asOf) {
      const valid = validAt(asOf);
      const touching = [
        { fromId: nodeId, to: valid },
        { toId: nodeId, from: valid },
      ];
      const rows = await prisma.memoryEdge.findMany({
        where: { AND: [valid, { OR: touching }] },
        orderBy: [{ validFrom: 'asc' }, { id: 'asc' }],
        include: { from: true, to: true },
      });
      return rows.map((row) => ({
        edge: toEdge(row),
        node: toNode(row.fromId === nodeId ? row.to : row.from),
      }));
    },
  };
}

/** Adds what is missing, within the transaction of what it tells of; what is known keeps its first form. */
export async function writeGraph(tx: Transaction, { nodes, edges }: MemoryGraph): Promise<void> {
  const nodeRows = nodes.map(({ id, kind, key, label, data, validFrom, validTo }) => ({
    ...{ id, kind, key, label, data },
    ...{ valid_from: validFrom, valid_to: validTo },
  }));
  const edgeRows = edges.map(({ id, kind, fromId, toId, validFrom, validTo }) => ({
    ...{ id, kind, from_id: fromId, to_id: toId },
    ...{ valid_from: validFrom, valid_to: validTo },
  }));
  await insertMissing(tx, NODES, nodeRows);
  await insertMissing(tx, EDGES, edgeRows);
}

function toNode(row: NodeRow): MemoryNode {
  return {
    id: row.id,
    kind: member(NODE_KINDS, row.kind),
    key: row.key,
    label: row.label,
    data: fromJson<JsonObject>(row.data),
    validFrom: row.validFrom,
    validTo: row.validTo,
  };
}

function toEdge(row: EdgeRow): MemoryEdge {
  return {
    id: row.id,
    kind: member(EDGE_KINDS, row.kind),
    fromId: row.fromId,
    toId: row.toId,
    validFrom: row.validFrom,
    validTo: row.validTo,
  };
}
