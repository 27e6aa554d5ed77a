import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json';

/** A row of `audit_logs` as it goes into the chain and into an export; times are ISO 8601 in UTC. */
export interface AuditRow {
  readonly id: string;
  readonly key: string;
  readonly event_type: string;
  readonly actor: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly details: unknown;
  readonly details_version: number;
  readonly created_at: string | null;
}

/** A place in the chain: kept outside the database, it shows that nothing before it was changed or cut off. */
export interface ChainHead {
  /** From 1 on, without gaps. */
  readonly seq: number;
  /** HMAC-SHA256 over place, row and the link before, in hex. */
  readonly hmac: string;
}

export interface ChainLink extends ChainHead {
  readonly logId: string;
  /** Null when the row is gone. */
  readonly row: AuditRow | null;
}

/** Before the first link. */
export const CHAIN_START: ChainHead = { seq: 0, hmac: '' };

/** What is wrong with the first row that is not as it was sealed. */
export type BadRowReason =
  /** The row, its link or its place in the chain is not what was sealed. */
  | 'changed'
  | 'row_missing'
  | 'link_missing'
  /** A second link in a place that is taken. */
  | 'link_repeated'
  /** Made with the key, but not the link that was anchored here: what stood here was removed and sealed anew. */
  | 'not_as_anchored'
  /** The chain ends before its last anchor. */
  | 'cut_off'
  /** Nothing shows that the chain ever was longer, for there is no anchor. */
  | 'no_anchor'
  /** Not sealed, although rows after it were sealed before it was written. */
  | 'inserted'
  /** An export whose lines are not those that were written. */
  | 'export_changed';

export interface BadRow {
  /** Its place in the chain; null for a row that has none. */
  readonly seq: number | null;
  /** Null when it is not there to be named. */
  readonly logId: string | null;
  readonly reason: BadRowReason;
}

/** The link of a row after the one before. */
export function linkAfter(key: Buffer, previous: ChainHead, row: AuditRow): ChainHead {
  const seq = previous.seq + 1;
  const content = canonicalJson([
    String(seq),
    row.id,
    row.key,
    row.event_type,
    row.actor,
    row.subject_type,
    row.subject_id,
    row.details,
    row.details_version,
    row.created_at,
    previous.hmac,
  ]);
  return { seq, hmac: createHmac('sha256', key).update(content).digest('hex') };
}

/** Goes along the chain, link by link, and recomputes each. */
export class ChainWalk {
  constructor(
    private readonly key: Buffer,
    /** The last link that is known to be right. */
    public head: ChainHead = CHAIN_START,
    /** What is known of links from outside the database: hmac by place. */
    private readonly anchors: ReadonlyMap<number, string> = new Map(),
  ) {}

  /** Takes the next link that is there; undefined when it is right. */
  step(link: ChainLink): BadRow | undefined {
    const { seq, logId, row } = link;
    const expected = this.head.seq + 1;
    if (seq > expected) return { seq: expected, logId: null, reason: 'link_missing' };
    if (seq < expected) return { seq, logId, reason: 'link_repeated' };
    if (row === null) return { seq, logId, reason: 'row_missing' };
    const right = linkAfter(this.key, this.head, row);
    if (!isSameHmac(right.hmac, link.hmac)) return { seq, logId, reason: 'changed' };
    const anchored = this.anchors.get(seq);
    if (anchored !== undefined && anchored !== right.hmac) return { seq, logId, reason: 'not_as_anchored' };
    this.head = right;
    return undefined;
  }
}

/** In a time that does not depend on where they differ; whoever can write to the table may have left anything there. */
export function isSameHmac(right: string, found: unknown): boolean {
  if (typeof found !== 'string' || found.length !== right.length) return false;
  const [a, b] = [Buffer.from(right), Buffer.from(found)];
  return a.length === b.length && timingSafeEqual(a, b);
}
