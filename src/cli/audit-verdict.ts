import type { Anchor } from '../persistence/audit-anchor';
import type { BadRow, BadRowReason } from '../persistence/audit-chain';
import type { AuditVerification } from '../persistence/audit-trail-judge';
import type { CliContext } from './context';

const MEANING: Readonly<Record<BadRowReason, string>> = {
  changed: 'it, its link or its place is not what was sealed (or the key is another one)',
  row_missing: 'it was deleted, its link is still there',
  link_missing: 'its link was deleted, and maybe the row',
  link_repeated: 'it has a link in a place that is taken',
  not_as_anchored: 'what was anchored here was removed, and the chain was sealed anew',
  cut_off: 'the chain ends before it, though it reached further when it was anchored',
  no_anchor: 'there is no anchor, so nothing shows that the chain ended before it',
  inserted: 'it was put in after rows of its time had been sealed',
  export_changed: 'the lines of the export are not those that were written',
};

/** What was held against it. */
interface Anchored {
  readonly anchor: Anchor | undefined;
  readonly unreadableLines: readonly number[];
}

/** What a verification found, by the names of its JSON document. */
export function verdictDocument(
  { ok, firstBad, head, unsealed }: AuditVerification,
  { anchor, unreadableLines }: Anchored,
): Record<string, unknown> {
  const oldest = unsealed.oldest === null ? null : Date.parse(unsealed.oldest);
  return {
    ok,
    first_bad: firstBad && { seq: firstBad.seq, log_id: firstBad.logId, reason: firstBad.reason },
    head,
    anchor: anchor ?? null,
    unreadable_anchor_lines: unreadableLines,
    unsealed: {
      count: unsealed.count,
      oldest: unsealed.oldest,
      oldest_age_seconds: oldest === null ? null : Math.round((Date.now() - oldest) / 1_000),
    },
  };
}

/** The same for people. */
export function writeVerdict(
  { stdout, stderr }: CliContext,
  { ok, firstBad, head, unsealed }: AuditVerification,
  { anchor, unreadableLines }: Anchored,
): void {
  if (firstBad !== null) stdout.write(`The audit log is not right. First bad row: ${describe(firstBad)}.\n`);
  if (ok) stdout.write('The audit log is right.\n');
  stdout.write(head === null ? 'Nothing is sealed.\n' : `Sealed and right up to number ${head.seq}.\n`);
  if (anchor !== undefined) stdout.write(`Last anchor: number ${anchor.seq}, ${anchor.at}.\n`);
  if (unsealed.count > 0) {
    stdout.write(`Not sealed yet: ${unsealed.count}, the oldest of ${unsealed.oldest ?? 'no time'}.\n`);
  }
  if (unreadableLines.length > 0) {
    stderr.write(`Lines of the anchor file that a crash cut off: ${unreadableLines.join(', ')}.\n`);
  }
}

function describe({ seq, logId, reason }: BadRow): string {
  const place = [...(seq === null ? [] : [`number ${seq}`]), ...(logId === null ? [] : [`id ${logId}`])];
  return `${place.join(', ') || 'none by itself'}: ${MEANING[reason]} (${reason})`;
}
