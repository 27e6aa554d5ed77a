import { appendAnchor, lastAnchor, readAnchors } from './audit-anchor';
import { CHAIN_START, ChainWalk, linkAfter, type AuditRow, type BadRow, type ChainHead } from './audit-chain';
import { readLinks, readUnsealedAfter } from './audit-rows';
import type { PrismaClient, Transaction } from './client';

const SEAL_LOCK = 7_461_002;
const BATCH = 1_000;
const BATCH_TIMEOUT_MS = 60_000;
/** A first look at a long chain takes its time. */
const VERIFY_TIMEOUT_MS = 24 * 3_600_000;
const MAX_WAIT_MS = 30_000;

/** The chain is not what this process sealed or anchored: nothing more is, so that the first bad row stays the first. */
class AuditTampered extends Error {
  override readonly name = 'AuditTampered';

  constructor(readonly firstBad: BadRow) {
    const { seq, reason } = firstBad;
    super(
      `the audit chain was changed (${reason} at ${seq}), or sealed with another key: nothing more is sealed or anchored. ` +
        'Run `tinman audit verify`',
    );
  }
}

/**
 * Appends unsealed rows to the chain, and anchors its head in a file outside the database. Several processes may seal the
 * same chain, each with its own file or with one together. Each anchors only what it sealed itself or recomputed from
 * its last anchor on, and seals on nothing else.
 */
export class AuditSealer {
  /** The last link that this process vouches for. */
  private known: ChainHead | undefined;
  private anchoredSeq = 0;

  constructor(
    private readonly prisma: PrismaClient,
    private readonly key: Buffer,
    private readonly anchorFile: string,
  ) {}

  /**
   * Seals what is there, oldest first, then anchors the head; returns how many rows were sealed.
   * @throws {AuditTampered}
   */
  async seal(): Promise<number> {
    await this.catchUp();
    let sealed = 0;
    let last: AuditRow | undefined;
    do {
      const batch = await this.sealBatch(last);
      sealed += batch.sealed;
      last = batch.last;
    } while (last !== undefined);
    await this.anchor();
    return sealed;
  }

  /** At first, verifies what there is after the last anchor, outside the lock: it may be the whole chain. */
  private async catchUp(): Promise<void> {
    if (this.known !== undefined) return;
    const anchor = lastAnchor((await readAnchors(this.anchorFile)).anchors);
    this.known = anchor ?? CHAIN_START;
    this.anchoredSeq = anchor?.seq ?? 0;
    const options = { timeout: VERIFY_TIMEOUT_MS, maxWait: MAX_WAIT_MS };
    await this.prisma.$transaction((tx) => this.verifyOn(tx), options);
  }

  /** `last` is the row after which there may be more. */
  private async sealBatch(
    after: AuditRow | undefined,
  ): Promise<{ readonly sealed: number; readonly last: AuditRow | undefined }> {
    const options = { timeout: BATCH_TIMEOUT_MS, maxWait: MAX_WAIT_MS };
    const { found, rows, head } = await this.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${SEAL_LOCK})`;
      // What is anchored has to outlive a crash of the server, however it is set up.
      await tx.$executeRaw`SET LOCAL synchronous_commit = on`;
      const verified = await this.verifyOn(tx);
      const candidates = await readUnsealedAfter(tx, after, BATCH);
      const sealable = candidates.filter(({ inserted }) => !inserted).map(({ row }) => row);
      return { found: candidates, rows: sealable, head: await appendLinks(tx, this.key, verified, sealable) };
    }, options);
    this.known = head;
    return { sealed: rows.length, last: found.length < BATCH ? undefined : found.at(-1)?.row };
  }

  /** Recomputes the links after the last known one, which must be there still; returns the new head. */
  private async verifyOn(tx: Transaction): Promise<ChainHead> {
    const known = this.known ?? CHAIN_START;
    const walk = new ChainWalk(this.key, known);
    let found = known.seq === 0;
    for await (const link of readLinks(tx, { first: known.seq, last: Number.MAX_SAFE_INTEGER })) {
      if (!found && link.seq === known.seq && link.hmac === known.hmac) {
        found = true;
        continue;
      }
      const firstBad = found ? walk.step(link) : notAsKnown(known);
      if (firstBad !== undefined) throw new AuditTampered(firstBad);
      this.known = walk.head;
    }
    if (!found) throw new AuditTampered({ seq: known.seq, logId: null, reason: 'cut_off' });
    return walk.head;
  }

  private async anchor(): Promise<void> {
    if (this.known === undefined || this.known.seq === this.anchoredSeq) return;
    await appendAnchor(this.anchorFile, this.known);
    this.anchoredSeq = this.known.seq;
  }
}

function notAsKnown({ seq }: ChainHead): BadRow {
  return { seq, logId: null, reason: 'not_as_anchored' };
}

async function appendLinks(
  tx: Transaction,
  key: Buffer,
  head: ChainHead,
  rows: readonly AuditRow[],
): Promise<ChainHead> {
  let last = head;
  const links = rows.map((row) => {
    last = linkAfter(key, last, row);
    return { seq: last.seq, log_id: row.id, hmac: last.hmac };
  });
  if (links.length === 0) return head;
  await tx.$executeRaw`
    INSERT INTO audit_chain (seq, log_id, hmac)
    SELECT seq, log_id, hmac FROM jsonb_to_recordset(${JSON.stringify(links)}::jsonb)
      AS r(seq bigint, log_id uuid, hmac text)`;
  return last;
}
