import { DomainError } from '../domain/errors';
import { believedRate, credibleInterval } from '../domain/statistics';
import { beliefOf, HALF_LIFE_DAYS } from '../domain/type-belief';
import type { ApiRecord } from '../ports/records';
import type { MemoryRecords, MemorySearch } from '../ports/memory-records';
import type { PrismaClient } from './client';
import { failureEvolution, failureLineage } from './failure-story';
import { Prisma, type MemoryNode } from './generated/client';
import { memoryNeighbours, shownNode, validAt } from './memory-neighbours';
import { readTypeHistory } from './type-history';

const DEEPEST_PAGE = 10_000;
const NO_CYCLE = '00000000-0000-0000-0000-000000000000';

export function createMemoryRecords(prisma: PrismaClient): MemoryRecords {
  return {
    search: (filter, page) => search(prisma, filter, page),

    async node(id, asOf) {
      const row = await prisma.memoryNode.findFirst({ where: { id, ...validAt(asOf) } });
      return row === null ? undefined : shownNode(row);
    },

    neighbours: (id, query) => memoryNeighbours(prisma, id, query),
    lineage: (id, asOf) => failureLineage(prisma, id, asOf),
    evolution: (id, asOf) => failureEvolution(prisma, id, asOf),
    beliefs: (target, asOf) => beliefs(prisma, target, asOf),
  };
}

type FoundRow = Pick<MemoryNode, 'id'> & { readonly likeness: number | null };

async function search(
  prisma: PrismaClient,
  filter: MemorySearch,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): ReturnType<MemoryRecords['search']> {
  const from = cursor === undefined ? 0 : placeOf(cursor);
  const found = await prisma.$queryRaw<FoundRow[]>`
    SELECT id, ${likeness(filter.q)} AS likeness FROM memory_nodes
    WHERE ${Prisma.join(conditions(filter), ' AND ')}
    ORDER BY likeness DESC NULLS LAST, valid_from DESC, id DESC LIMIT ${limit + 1} OFFSET ${from}`;
  const shown = found.slice(0, limit);
  const rows = await prisma.memoryNode.findMany({ where: { id: { in: shown.map(({ id }) => id) } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const next = from + limit;
  return {
    items: shown.flatMap(({ id, likeness: score }) => {
      const row = byId.get(id);
      return row === undefined ? [] : [{ ...shownNode(row), similarity: score }];
    }),
    nextCursor: found.length > limit && next <= DEEPEST_PAGE ? cursorOf(next) : null,
  };
}

/** 0–1: how like the words are to the likest part of the label. */
function likeness(q: string | undefined): Prisma.Sql {
  return q === undefined ? Prisma.sql`NULL::real` : Prisma.sql`word_similarity(${q}, label)`;
}

function conditions({ q, kind, failureType, target, asOf }: MemorySearch): Prisma.Sql[] {
  const of = (is: boolean, condition: Prisma.Sql): Prisma.Sql[] => (is ? [condition] : []);
  return [
    asOf === undefined
      ? Prisma.sql`valid_to IS NULL`
      : Prisma.sql`valid_from <= ${asOf} AND (valid_to IS NULL OR valid_to > ${asOf})`,
    ...of(q !== undefined, Prisma.sql`(${q ?? ''} <% label OR label ILIKE ${`%${escaped(q ?? '')}%`})`),
    ...of(kind !== undefined, Prisma.sql`kind = ${kind ?? ''}`),
    ...of(failureType !== undefined, Prisma.sql`data ->> 'failureType' = ${failureType ?? ''}`),
    ...of(
      target !== undefined,
      Prisma.sql`(data ->> 'target' = ${target ?? ''} OR data ->> 'cycleId' IN (
        SELECT id::text FROM research_cycles WHERE target = ${target ?? ''}))`,
    ),
  ];
}

function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

function cursorOf(place: number): string {
  return Buffer.from(`memory ${place}`).toString('base64url');
}

function placeOf(cursor: string): number {
  const place = Number(/^memory (\d{1,5})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]);
  if (!Number.isSafeInteger(place) || place > DEEPEST_PAGE || cursorOf(place) !== cursor) {
    throw new DomainError('invalid_cursor', 'the cursor is not one of a search of the memory');
  }
  return place;
}

async function beliefs(
  prisma: PrismaClient,
  target: string,
  asOf = new Date(),
): Promise<readonly ApiRecord[]> {
  const [history, failures] = await Promise.all([
    readTypeHistory(prisma, { target, exceptCycleId: NO_CYCLE, asOf }),
    prisma.failure.groupBy({
      by: ['failureType', 'state'],
      where: { target, createdAt: { lte: asOf }, nextFailures: { none: { createdAt: { lte: asOf } } } },
      _count: true,
    }),
  ]);
  return history.map((one) => {
    const belief = beliefOf(one);
    const known = failures.filter(({ failureType }) => failureType === one.failureType);
    return {
      failure_type: one.failureType,
      experiments: one.experiments,
      assessed_runs: one.assessedRuns,
      failed_runs: one.failedRuns,
      alpha: belief.a,
      beta: belief.b,
      rate: believedRate(belief),
      ...credibleInterval(belief),
      half_life_days: HALF_LIFE_DAYS,
      last_seen_days_ago:
        one.observations.length === 0 ? null : Math.min(...one.observations.map(({ age }) => age)),
      run_usd: one.runMicroUsd === null ? null : one.runMicroUsd / 1_000_000,
      failures: Object.fromEntries(known.map(({ state, _count: count }) => [state, count])),
    };
  });
}
