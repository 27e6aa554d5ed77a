import { createdWithin } from './audit-rows';
import { storableText } from './columns';
import { Prisma } from './generated/client';
import { fromCursor, toCursor } from './record-cursor';
import type { AuditEntry, AuditFilter, AuditLog } from '../ports/audit';
import type { PrismaClient } from './client';

interface Row extends Omit<AuditEntry, 'seq'> {
  readonly seq: bigint | null;
}

/** The audit log as it is read: newest first, by keyset over time and id. */
export function createAuditLog(prisma: PrismaClient): AuditLog {
  return {
    async page({ limit, cursor, ...filter }) {
      const rows = await prisma.$queryRaw<Row[]>`
        SELECT l.id, l.event_type AS "eventType", l.actor, l.subject_type AS "subjectType",
               l.subject_id AS "subjectId", l.details, l.created_at AS "createdAt", c.seq
        FROM audit_logs l LEFT JOIN audit_chain c ON c.log_id = l.id
        WHERE ${createdWithin(filter)} ${conditions(filter)} ${below(cursor)}
        ORDER BY l.created_at DESC, l.id DESC LIMIT ${limit + 1}`;
      const items = rows.slice(0, limit).map(toEntry);
      const last = items.at(-1);
      const nextCursor = rows.length <= limit || last === undefined ? null : toCursor('audit', last);
      return { items, nextCursor };
    },
  };
}

function conditions({ eventTypes, actor, subjectId }: AuditFilter): Prisma.Sql {
  const types =
    eventTypes === undefined ? Prisma.empty : Prisma.sql`AND l.event_type = ANY(${[...eventTypes]})`;
  const by = actor === undefined ? Prisma.empty : Prisma.sql`AND l.actor = ${storableText(actor)}`;
  const of =
    subjectId === undefined ? Prisma.empty : Prisma.sql`AND l.subject_id = ${storableText(subjectId)}`;
  return Prisma.sql`${types} ${by} ${of}`;
}

function below(cursor: string | undefined): Prisma.Sql {
  if (cursor === undefined) return Prisma.empty;
  const { createdAt, id } = fromCursor('audit', cursor);
  return Prisma.sql`AND (l.created_at, l.id) < (${createdAt.toISOString()}::timestamptz, ${id}::uuid)`;
}

function toEntry({ seq, ...row }: Row): AuditEntry {
  return { ...row, seq: seq === null ? null : Number(seq) };
}
