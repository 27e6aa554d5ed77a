import type { AuditRow, ChainHead, ChainLink } from './audit-chain';
import type { Transaction } from './client';
import { Prisma } from './generated/client';

const FETCH = 1_000;

/**
 * Columns of `audit_logs l` in a form that survives whatever a superuser may have put there: a reader that fails on a row
 * cannot name it.
 */
const ROW = Prisma.sql`
  l.id::text AS id, l.key, l.event_type, l.actor, l.subject_type, l.subject_id, l.details::text AS details,
  l.details_version,
  to_char(l.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at`;

/** Far more than the longest transaction: a row that was written with a sealed one is not older than that against it. */
const LATEST = Prisma.sql`interval '10 minutes'`;

/** The time of the newest sealed row, as PostgreSQL writes it. */
async function newestSealed(tx: Transaction): Promise<Prisma.Sql> {
  const [newest] = await tx.$queryRaw<{ readonly at: string }[]>`
    SELECT s.created_at::text AS at FROM audit_logs s
    WHERE EXISTS (SELECT 1 FROM audit_chain x WHERE x.log_id = s.id) ORDER BY s.created_at DESC LIMIT 1`;
  return Prisma.sql`${newest?.at ?? '-infinity'}::timestamptz`;
}

/**
 * Whether a row was put there with a time that is not its own. Rows come with the database's time, and a transaction that
 * wrote before a seal has an older number than the seal. So a row from before a sealed one, in a transaction younger than
 * that seal, was written later than it says. Transactions that overlap may commit in any order: those are none.
 */
function isInserted(newest: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(
    l.created_at > clock_timestamp()
    OR l.created_at < ${newest} - ${LATEST}
    OR (l.created_at < ${newest} AND EXISTS (
      SELECT 1 FROM audit_logs n JOIN audit_chain c ON c.log_id = n.id
      WHERE n.created_at > l.created_at AND age(c.xmin) > age(l.xmin)
    ))
  ) IS NOT FALSE`;
}

interface RawRow extends Omit<AuditRow, 'details'> {
  readonly details: string;
}

type RawLink = Pick<ChainHead, 'hmac'> & { readonly seq: bigint; readonly log_id: string } & (
    RawRow | { readonly id: null }
  );

interface RawUnsealed extends RawRow {
  readonly inserted: boolean;
}

/** A row without a link. */
export interface UnsealedRow {
  readonly row: AuditRow;
  /** Put there after later rows had been sealed. */
  readonly inserted: boolean;
}

/** Times of rows; `until` is excluded. */
export interface TimeSpan {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Places in the chain, both included. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

/** The links of a range with their rows, in order. Read through a cursor: none is passed over, whatever was done to the tables. */
export function readLinks(
  tx: Transaction,
  { first, last }: SeqRange = { first: Number.MIN_SAFE_INTEGER, last: Number.MAX_SAFE_INTEGER },
): AsyncGenerator<ChainLink> {
  const query = Prisma.sql`
    DECLARE audit_links NO SCROLL CURSOR FOR
    SELECT c.seq, c.log_id::text AS log_id, c.hmac, ${ROW}
    FROM audit_chain c LEFT JOIN audit_logs l ON l.id = c.log_id
    WHERE c.seq BETWEEN ${BigInt(first)} AND ${BigInt(last)} ORDER BY c.seq`;
  return readAll(tx, 'audit_links', query, async (fetch) =>
    (await tx.$queryRawUnsafe<RawLink[]>(fetch)).map((raw) => toLink(raw)),
  );
}

/** The rows without a link, oldest first; those of a time span where one is given. */
export async function* readUnsealed(tx: Transaction, span: TimeSpan = {}): AsyncGenerator<UnsealedRow> {
  const query = Prisma.sql`
    DECLARE audit_unsealed NO SCROLL CURSOR FOR
    ${unsealed(await newestSealed(tx), createdWithin(span))}`;
  yield* readAll(tx, 'audit_unsealed', query, async (fetch) =>
    (await tx.$queryRawUnsafe<RawUnsealed[]>(fetch)).map((raw) => toUnsealed(raw)),
  );
}

/** Rows to seal, oldest first: those after a row, or all that can be new. Whether one was inserted is for the caller to see. */
export async function readUnsealedAfter(
  tx: Transaction,
  after: AuditRow | undefined,
  limit: number,
): Promise<readonly UnsealedRow[]> {
  const newest = await newestSealed(tx);
  const from =
    after === undefined
      ? Prisma.sql`l.created_at >= ${newest} - ${LATEST}`
      : Prisma.sql`(l.created_at, l.id) > (${after.created_at}::timestamptz, ${after.id}::uuid)`;
  const rows = await tx.$queryRaw<RawUnsealed[]>`${unsealed(newest, from)} LIMIT ${limit}`;
  return rows.map((row) => toUnsealed(row));
}

function unsealed(newest: Prisma.Sql, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT ${ROW}, ${isInserted(newest)} AS inserted FROM audit_logs l
    WHERE ${condition} AND NOT EXISTS (SELECT 1 FROM audit_chain u WHERE u.log_id = l.id)
    ORDER BY l.created_at, l.id`;
}

/** Condition on `audit_logs l`; `until` is excluded. */
export function createdWithin({ since, until }: TimeSpan): Prisma.Sql {
  const from =
    since === undefined ? Prisma.empty : Prisma.sql`AND l.created_at >= ${since.toISOString()}::timestamptz`;
  const to =
    until === undefined ? Prisma.empty : Prisma.sql`AND l.created_at < ${until.toISOString()}::timestamptz`;
  return Prisma.sql`TRUE ${from} ${to}`;
}

async function* readAll<Row>(
  tx: Transaction,
  cursor: string,
  declaration: Prisma.Sql,
  read: (fetch: string) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  // Planned for all rows, not for the first few.
  await tx.$executeRaw`SET LOCAL cursor_tuple_fraction = 1`;
  await tx.$executeRaw(declaration);
  for (;;) {
    const rows = await read(`FETCH ${FETCH} FROM ${cursor}`);
    yield* rows;
    if (rows.length < FETCH) break;
  }
  await tx.$executeRawUnsafe(`CLOSE ${cursor}`);
}

function toLink(raw: RawLink): ChainLink {
  const { seq, log_id: logId, hmac } = raw;
  return { seq: Number(seq), logId, hmac, row: raw.id === null ? null : toRow(raw) };
}

function toUnsealed(raw: RawUnsealed): UnsealedRow {
  return { row: toRow(raw), inserted: raw.inserted };
}

/** Only what a row is made of, in a fixed order: it goes as it is into exports. */
function toRow(raw: RawRow): AuditRow {
  const { id, key, event_type, actor, subject_type, subject_id, details, details_version, created_at } = raw;
  const parsed: unknown = JSON.parse(details);
  return {
    id,
    key,
    event_type,
    actor,
    subject_type,
    subject_id,
    details: parsed,
    details_version,
    created_at,
  };
}
