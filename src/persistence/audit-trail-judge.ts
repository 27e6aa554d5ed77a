import type { Anchor } from './audit-anchor';
import { ChainWalk, CHAIN_START, type BadRow, type ChainHead, type ChainLink } from './audit-chain';
import type { UnsealedRow } from './audit-rows';

/** What an audit log holds: links in order, then unsealed rows. */
export type TrailEntry = ChainLink | UnsealedRow;

/** What is found of an audit log, in the database or in an export. */
export interface AuditVerification {
  readonly ok: boolean;
  /** The first row that is not as it was sealed. */
  readonly firstBad: BadRow | null;
  /** The last link up to which all is right. */
  readonly head: ChainHead | null;
  /** Rows that no link protects yet, and the time of the oldest. */
  readonly unsealed: { readonly count: number; readonly oldest: string | null };
}

/** Takes what a log holds, entry by entry, and remembers the first that is bad. */
export class TrailJudge {
  private readonly walk: ChainWalk;
  private firstBad: BadRow | undefined;
  private inserted: BadRow | undefined;
  private count = 0;
  private oldest: string | null = null;

  /** `start` is what stands before the first entry. */
  constructor(key: Buffer, anchors: readonly Anchor[], start: ChainHead = CHAIN_START) {
    this.walk = new ChainWalk(key, start, new Map(anchors.map(({ seq, hmac }) => [seq, hmac])));
  }

  /** False when something was bad, now or before. */
  take(entry: TrailEntry): boolean {
    if ('seq' in entry) this.firstBad ??= this.walk.step(entry);
    else this.takeUnsealed(entry);
    return this.firstBad === undefined;
  }

  /** Says that a row is bad; counts when none was before. */
  accuse(reason: BadRow['reason'], seq: number | null = this.walk.head.seq + 1): void {
    this.firstBad ??= { seq, logId: null, reason };
  }

  /** Call after the last link, with the place that the chain must reach. */
  requireUpTo(seq: number): void {
    if (this.walk.head.seq < seq) this.accuse('cut_off');
  }

  /** Call after the last entry. */
  verdict(): AuditVerification {
    const { head } = this.walk;
    const firstBad = this.firstBad ?? this.inserted ?? null;
    return {
      ok: firstBad === null,
      firstBad,
      head: head.seq === 0 ? null : head,
      unsealed: { count: this.count, oldest: this.oldest },
    };
  }

  private takeUnsealed({ row, inserted }: UnsealedRow): void {
    this.count += 1;
    this.oldest ??= row.created_at;
    if (inserted) this.inserted ??= { seq: null, logId: row.id, reason: 'inserted' };
  }
}
