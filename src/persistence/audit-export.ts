import { CHAIN_START, type ChainHead } from './audit-chain';
import { EXPORT_VERSION, exportHmac, type BodyLine, type ExportHeader } from './audit-export-format';
import { createdWithin, readLinks, readUnsealed, type SeqRange, type TimeSpan } from './audit-rows';
import type { PrismaClient, Transaction } from './client';

const TIMEOUT_MS = 24 * 3_600_000;

/**
 * Hands on the lines of an export, each with its line end, as the database has the log at one moment: with a time span the
 * links from the first to the last row in it, without gaps, and the unsealed rows in it. Tells nothing of whether the
 * log is right; the verifier does.
 */
export async function exportAuditLog(
  prisma: PrismaClient,
  key: Buffer,
  span: TimeSpan,
  write: (line: string) => Promise<void> | void,
): Promise<{ readonly links: number; readonly unsealed: number }> {
  const exportedAt = new Date();
  const seal = exportHmac(key);
  const put = async (line: ExportHeader | BodyLine): Promise<void> => {
    const text = `${JSON.stringify(line)}\n`;
    seal.update(text);
    await write(text);
  };
  return prisma.$transaction(
    async (tx) => {
      const header = await headerOf(tx, span, exportedAt);
      await put(header);
      const counts = { links: 0, unsealed: 0 };
      for await (const { seq, logId, hmac, row } of readLinks(tx, rangeOf(header))) {
        await put({ type: 'link', seq, log_id: logId, hmac, log: row });
        counts.links += 1;
      }
      for await (const { row, inserted } of readUnsealed(tx, span)) {
        await put({ type: 'unsealed', inserted, log: row });
        counts.unsealed += 1;
      }
      await write(`${JSON.stringify({ type: 'end', hmac: seal.digest('hex') } satisfies BodyLine)}\n`);
      return counts;
    },
    { isolationLevel: 'RepeatableRead', timeout: TIMEOUT_MS },
  );
}

async function headerOf(tx: Transaction, span: TimeSpan, at: Date): Promise<ExportHeader> {
  const head = await linkBefore(tx, Number.MAX_SAFE_INTEGER);
  const isWhole = span.since === undefined && span.until === undefined;
  const range = isWhole ? head && { first: 1, last: head.seq } : await rangeWithin(tx, span);
  return {
    type: 'tinman_audit_export',
    version: EXPORT_VERSION,
    exported_at: at.toISOString(),
    since: span.since?.toISOString() ?? null,
    until: span.until?.toISOString() ?? null,
    head,
    links: range && {
      first_seq: range.first,
      last_seq: range.last,
      previous_hmac: await hmacBefore(tx, range.first),
    },
  };
}

/** Of a whole log everything in the table, also what stands where no link may be. */
function rangeOf({ since, until, links }: ExportHeader): SeqRange | undefined {
  if (since === null && until === null) return undefined;
  return { first: links?.first_seq ?? 1, last: links?.last_seq ?? 0 };
}

async function rangeWithin(tx: Transaction, span: TimeSpan): Promise<SeqRange | null> {
  const [range] = await tx.$queryRaw<{ first: bigint | null; last: bigint | null }[]>`
    SELECT min(c.seq) AS first, max(c.seq) AS last
    FROM audit_logs l JOIN audit_chain c ON c.log_id = l.id WHERE ${createdWithin(span)}`;
  const { first = null, last = null } = range ?? {};
  return first === null || last === null ? null : { first: Number(first), last: Number(last) };
}

async function hmacBefore(tx: Transaction, seq: number): Promise<string | null> {
  if (seq === 1) return CHAIN_START.hmac;
  const before = await linkBefore(tx, seq);
  return before?.seq === seq - 1 ? before.hmac : null;
}

async function linkBefore(tx: Transaction, seq: number): Promise<ChainHead | null> {
  const [link] = await tx.$queryRaw<{ seq: bigint; hmac: string }[]>`
    SELECT seq, hmac FROM audit_chain WHERE seq < ${BigInt(seq)} ORDER BY seq DESC LIMIT 1`;
  return link === undefined ? null : { seq: Number(link.seq), hmac: link.hmac };
}
