import { isUuid, toCursor, fromCursor } from './record-cursor';
import { RESOURCE_QUERIES } from './record-resources';
import { storableText } from './columns';
import { Prisma } from './generated/client';
import type { ApiRecord, ListQuery, Page, Resource } from '../ports/records';
import type { PrismaClient } from './client';
import type { RawRow } from './record-presentation';

/** One page, newest first: keyset pagination over (created_at, id), so that records written meanwhile move nothing. */
export async function readPage(prisma: PrismaClient, resource: Resource, query: ListQuery): Promise<Page> {
  const conditions = filterConditions(resource, query.filters);
  if (query.cursor !== undefined) {
    const { createdAt, id } = fromCursor(resource, query.cursor);
    conditions.push(
      Prisma.sql`(r.created_at, r.id) < (${createdAt.toISOString()}::timestamptz, ${id}::uuid)`,
    );
  }
  const { columns, from, present } = RESOURCE_QUERIES[resource];
  const rows = await prisma.$queryRaw<(RawRow & { readonly id: string; readonly created_at: Date })[]>`
    SELECT ${columns} FROM ${from} ${whereAll(conditions)}
    ORDER BY r.created_at DESC, r.id DESC LIMIT ${query.limit + 1}`;
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  const nextCursor =
    rows.length <= query.limit || last === undefined
      ? null
      : toCursor(resource, { createdAt: last.created_at, id: last.id });
  return { items: items.map(present), nextCursor };
}

/** All records with these members, in the order that a cycle's result lists them. */
export async function readAll(
  prisma: PrismaClient,
  resource: Resource,
  filters: Readonly<Record<string, string>>,
): Promise<readonly ApiRecord[]> {
  const { columns, from, order, present } = RESOURCE_QUERIES[resource];
  const rows = await prisma.$queryRaw<RawRow[]>`
    SELECT ${columns} FROM ${from} ${whereAll(filterConditions(resource, filters))} ORDER BY ${order}`;
  return rows.map(present);
}

/** One record without its details; undefined when there is none. */
export async function readOne(
  prisma: PrismaClient,
  resource: Resource,
  id: string,
): Promise<ApiRecord | undefined> {
  if (!isUuid(id)) return undefined;
  const { columns, from, present } = RESOURCE_QUERIES[resource];
  const [row] = await prisma.$queryRaw<RawRow[]>`SELECT ${columns} FROM ${from} WHERE r.id = ${id}::uuid`;
  return row === undefined ? undefined : present(row);
}

/** A value that cannot be an id equals none. */
function filterConditions(resource: Resource, filters: ListQuery['filters']): Prisma.Sql[] {
  return Object.entries(filters).map(([name, value]) => {
    const filter = RESOURCE_QUERIES[resource].filters[name];
    if (filter === undefined) throw new RangeError(`${resource} cannot be filtered by ${name}`);
    if (filter.type === 'text') return Prisma.sql`${filter.column} = ${storableText(value)}`;
    return isUuid(value) ? Prisma.sql`${filter.column} = ${value}::uuid` : Prisma.sql`false`;
  });
}

function whereAll(conditions: Prisma.Sql[]): Prisma.Sql {
  return conditions.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}`;
}
