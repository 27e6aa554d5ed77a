import { lastAnchor, type Anchor } from './audit-anchor';
import { CHAIN_START, isSameHmac, type ChainHead } from './audit-chain';
import { bodyLine, exportHmac, headerLine, type BodyLine, type ExportHeader } from './audit-export-format';
import { TrailJudge, type AuditVerification } from './audit-trail-judge';

/** Not an export at all, so that nothing can be said of its rows. */
class NotAnExport extends Error {
  override readonly name = 'NotAnExport';
}

export interface ExportVerification extends AuditVerification {
  readonly header: ExportHeader;
}

/**
 * Verifies an export by itself, without the database: its rows against their links, the links against each other and the
 * anchors, its lines against the end that was made with the key. Anchors of later than the export bind it no further
 * than it goes.
 * @throws {NotAnExport}
 */
export async function verifyAuditExport(
  lines: AsyncIterable<string>,
  key: Buffer,
  anchors: readonly Anchor[],
): Promise<ExportVerification> {
  let reading: ExportReading | undefined;
  for await (const line of lines) {
    if (reading === undefined) reading = new ExportReading(line, key, anchors);
    else reading.take(line);
  }
  if (reading === undefined) throw new NotAnExport('the file is empty');
  return reading.verdict();
}

/** An export as it is read line by line. */
class ExportReading {
  private readonly header: ExportHeader;
  private readonly judge: TrailJudge;
  private readonly written: ReturnType<typeof exportHmac>;
  private end: 'missing' | 'right' | 'wrong' = 'missing';

  constructor(
    firstLine: string,
    key: Buffer,
    private readonly anchors: readonly Anchor[],
  ) {
    this.header = headerOf(firstLine);
    this.judge = new TrailJudge(key, anchors, startOf(this.header));
    this.written = exportHmac(key).update(`${firstLine}\n`);
    const { links } = this.header;
    if (links?.previous_hmac === null) this.judge.accuse('link_missing', links.first_seq - 1);
  }

  take(text: string): void {
    const line = parse(text);
    if (line === undefined || this.end !== 'missing') this.judge.accuse('export_changed');
    else if (line.type === 'end') {
      this.end = isSameHmac(this.written.digest('hex'), line.hmac) ? 'right' : 'wrong';
    } else {
      this.written.update(`${text}\n`);
      takeRow(this.judge, line);
    }
  }

  verdict(): ExportVerification {
    const { header, judge } = this;
    judge.requireUpTo(header.links?.last_seq ?? 0);
    this.holdAgainstAnchors(header.head?.seq ?? 0);
    if (this.end !== 'right') judge.accuse('export_changed', null);
    return { ...judge.verdict(), header };
  }

  /** The place at which the chain ended when it was exported, against what had been anchored by then. */
  private holdAgainstAnchors(headSeq: number): void {
    const { anchors, header, judge } = this;
    const anchor = lastAnchor(anchors.filter(({ at }) => at <= header.exported_at));
    if (anchor !== undefined && headSeq < anchor.seq) judge.accuse('cut_off', headSeq + 1);
    if (headSeq > 0 && anchors.length === 0) judge.accuse('no_anchor', headSeq + 1);
  }
}

function headerOf(text: string): ExportHeader {
  const header = headerLine.safeParse(json(text));
  if (header.success) return header.data;
  throw new NotAnExport('the file does not begin like an export of an audit log');
}

function startOf({ links }: ExportHeader): ChainHead {
  return links === null ? CHAIN_START : { seq: links.first_seq - 1, hmac: links.previous_hmac ?? '' };
}

function takeRow(judge: TrailJudge, line: Exclude<BodyLine, { readonly type: 'end' }>): void {
  if (line.type === 'unsealed') judge.take({ row: line.log, inserted: line.inserted });
  else judge.take({ seq: line.seq, logId: line.log_id, hmac: line.hmac, row: line.log });
}

function parse(text: string): BodyLine | undefined {
  return bodyLine.safeParse(json(text)).data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
