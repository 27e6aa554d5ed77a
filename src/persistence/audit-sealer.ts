import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PrismaClient, Transaction } from './client';

/** A row of `audit_logs` as it goes into the chain. */
interface SealedContent {
  readonly id: string;
  readonly key: string;
  readonly eventType: string;
  readonly actor: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly details: unknown;
  readonly detailsVersion: number;
  readonly createdAt: Date;
}

interface Link {
  readonly seq: bigint;
  readonly logId: string;
  readonly hmac: string;
  readonly log: SealedContent;
}

/** The last link of the chain; kept outside the database, it shows that no later link was cut off. */
interface ChainHead {
  readonly seq: number;
  readonly hmac: string;
}

export type AuditVerification =
  | { readonly ok: true; readonly head: ChainHead | null; readonly unsealed: number }
  | { readonly ok: false; readonly firstBad: BadLink; readonly unsealed: number };

interface BadLink {
  readonly seq: number;
  /** Null when the link itself is missing. */
  readonly logId: string | null;
  readonly reason: 'missing_link' | 'content_changed';
}

const SEAL_LOCK = 7_461_002;
const BATCH = 500;
const FIRST_LINK = '';

/** Appends every unsealed row to the chain, oldest first, one process at a time; returns how many. */
export async function sealAuditLog(prisma: PrismaClient, key: Buffer): Promise<number> {
  let sealed = 0;
  for (;;) {
    const batch = await prisma.$transaction((tx) => sealBatch(tx, key));
    sealed += batch;
    if (batch < BATCH) return sealed;
  }
}

async function sealBatch(tx: Transaction, key: Buffer): Promise<number> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${SEAL_LOCK})`;
  const head = await tx.auditSeal.findFirst({
    orderBy: { seq: 'desc' },
    include: { log: { select: { createdAt: true } } },
  });
  const rows = await unsealedRows(tx, head?.log.createdAt);
  let seq = head?.seq ?? 0n;
  let previous = head?.hmac ?? FIRST_LINK;
  const seals = rows.map((row) => {
    seq += 1n;
    previous = linkOf(key, seq, row, previous);
    return { seq, logId: row.id, hmac: previous };
  });
  await tx.auditSeal.createMany({ data: seals });
  return seals.length;
}

/**
 * Rows come with the database's time, and an hour is far more than the longest transaction: nothing unsealed is older
 * than that against the last row sealed, so a long log is not read again each time.
 */
async function unsealedRows(
  tx: Transaction,
  lastSealed: Date | undefined,
): Promise<readonly SealedContent[]> {
  const since = lastSealed === undefined ? new Date(0) : new Date(lastSealed.getTime() - 3_600_000);
  return tx.auditLog.findMany({
    where: { createdAt: { gte: since }, seal: null },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: BATCH,
  });
}

/** Recomputes the whole chain: the first link that is missing or whose row was changed, and how many rows have none yet. */
export async function verifyAuditChain(prisma: PrismaClient, key: Buffer): Promise<AuditVerification> {
  const unsealed = await prisma.auditLog.count({ where: { seal: null } });
  let head: ChainHead = { seq: 0, hmac: FIRST_LINK };
  for (;;) {
    const links: readonly Link[] = await prisma.auditSeal.findMany({
      where: { seq: { gt: BigInt(head.seq) } },
      orderBy: { seq: 'asc' },
      take: BATCH,
      include: { log: true },
    });
    for (const link of links) {
      const seq: number = head.seq + 1;
      const firstBad = badLink(key, link, seq, head.hmac);
      if (firstBad !== undefined) return { ok: false, firstBad, unsealed };
      head = { seq, hmac: link.hmac };
    }
    if (links.length < BATCH) return { ok: true, head: head.seq === 0 ? null : head, unsealed };
  }
}

function badLink(key: Buffer, link: Link, seq: number, previous: string): BadLink | undefined {
  if (link.seq !== BigInt(seq)) return { seq, logId: null, reason: 'missing_link' };
  const hmac = linkOf(key, link.seq, link.log, previous);
  if (timingSafeEqual(Buffer.from(hmac), Buffer.from(link.hmac))) return undefined;
  return { seq, logId: link.logId, reason: 'content_changed' };
}

/** HMAC-SHA256 over position, row and previous link. */
function linkOf(key: Buffer, seq: bigint, row: SealedContent, previous: string): string {
  const content = canonicalJson([
    seq.toString(),
    row.id,
    row.key,
    row.eventType,
    row.actor,
    row.subjectType,
    row.subjectId,
    row.details,
    row.detailsVersion,
    row.createdAt.toISOString(),
    previous,
  ]);
  return createHmac('sha256', key).update(content).digest('hex');
}

/** JSON with the fields of every object in the order of their names. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
