import type { ApiRecord } from '../ports/records';
import type { NeighbourQuery } from '../ports/memory-records';
import type { PrismaClient } from './client';
import type { MemoryEdge, MemoryNode } from './generated/client';
import { presentRow } from './record-presentation';

const MAX_NODES = 200;
/** Of one step; a node of ten thousand edges is not shown whole. */
const MAX_EDGES = 1_000;

/** What held at that moment; without one, what holds still. */
export function validAt(asOf: Date | undefined) {
  if (asOf === undefined) return { validTo: null };
  return { validFrom: { lte: asOf }, OR: [{ validTo: null }, { validTo: { gt: asOf } }] };
}

export function shownNode({ id, kind, key, label, data, validFrom, validTo }: MemoryNode): ApiRecord {
  return presentRow({ id, kind, key, label, data, validFrom, validTo });
}

function shownEdge({ id, kind, fromId, toId, validFrom, validTo }: MemoryEdge): ApiRecord {
  return presentRow({ id, kind, fromId, toId, validFrom, validTo });
}

/** Breadth first, so that the nearest are there when there are too many. */
export async function memoryNeighbours(
  prisma: PrismaClient,
  id: string,
  { depth, relation, asOf }: NeighbourQuery,
): Promise<ApiRecord | undefined> {
  const start = await prisma.memoryNode.findFirst({ where: { id, ...validAt(asOf) } });
  if (start === null) return undefined;
  const around = new Surroundings(start);
  for (let distance = 1; distance <= depth && around.frontier.length > 0; distance += 1) {
    around.add(await touching(prisma, around.frontier, { relation, asOf }), distance);
  }
  return around.shown;
}

type TouchingEdge = Awaited<ReturnType<typeof touching>>[number];

/** The nodes around a node, as far as they are known, and the edges among them. */
class Surroundings {
  /** Nodes whose own neighbours have not been looked for. */
  frontier: readonly string[];
  private readonly nodes = new Map<string, { readonly row: MemoryNode; readonly distance: number }>();
  private readonly edges = new Map<string, MemoryEdge>();
  private isTruncated = false;

  constructor(private readonly start: MemoryNode) {
    this.nodes.set(start.id, { row: start, distance: 0 });
    this.frontier = [start.id];
  }

  add(found: readonly TouchingEdge[], distance: number): void {
    this.isTruncated ||= found.length === MAX_EDGES;
    this.frontier = found.flatMap(({ from, to }) =>
      [from, to].filter((row) => this.isNew(row, distance)).map(({ id }) => id),
    );
    for (const { from: _from, to: _to, ...edge } of found) {
      if (this.nodes.has(edge.fromId) && this.nodes.has(edge.toId)) this.edges.set(edge.id, edge);
    }
  }

  get shown(): ApiRecord {
    return {
      node: shownNode(this.start),
      nodes: [...this.nodes.values()].slice(1).map(({ row, distance }) => ({ ...shownNode(row), distance })),
      edges: [...this.edges.values()].map((edge) => shownEdge(edge)),
      truncated: this.isTruncated,
    };
  }

  private isNew(row: MemoryNode, distance: number): boolean {
    if (this.nodes.has(row.id)) return false;
    if (this.nodes.size > MAX_NODES) {
      this.isTruncated = true;
      return false;
    }
    this.nodes.set(row.id, { row, distance });
    return true;
  }
}

function touching(
  prisma: PrismaClient,
  ids: readonly string[],
  { relation, asOf }: Pick<NeighbourQuery, 'relation' | 'asOf'>,
) {
  const valid = validAt(asOf);
  const among = { in: [...ids] };
  return prisma.memoryEdge.findMany({
    where: {
      AND: [
        valid,
        {
          OR: [
            { fromId: among, to: valid },
            { toId: among, from: valid },
          ],
        },
      ],
      ...(relation === undefined ? {} : { kind: relation }),
    },
    orderBy: [{ validFrom: 'desc' }, { id: 'asc' }],
    take: MAX_EDGES,
    include: { from: true, to: true },
  });
}
