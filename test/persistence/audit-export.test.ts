import { assert, asyncProperty, integer } from 'fast-check';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appendAnchor } from '../../src/persistence/audit-anchor';
import { verifyAuditExport } from '../../src/persistence/audit-export-verifier';
import { AuditLogBench, event, events, type SealedRow } from './audit-log';

const ROWS = 10;
const entry = z.looseObject({ log: z.looseObject({ key: z.string(), details: z.unknown() }) });

let bench: AuditLogBench;
let rows: readonly SealedRow[];
let whole: readonly string[];
beforeAll(async () => {
  bench = await AuditLogBench.open();
  await bench.appendOneByOne(events(ROWS));
  await bench.sealer().seal();
  rows = await bench.sealed();
  await bench.append([event('unsealed', { text: 'zwei\nZeilen \u2028 “” 🤖' })]);
  whole = await bench.exported();
}, 30_000);
afterAll(() => bench.close());

/** The header is line 0, the link with number n line n. */
const lineOf = (seq: number) => whole[seq] ?? '';
const bad = async (lines: readonly string[]) => {
  const { ok, firstBad } = await bench.verifyLines(lines);
  return { ok, seq: firstBad?.seq, reason: firstBad?.reason };
};
const timeOf = async (seq: number): Promise<Date> => {
  const { log } = await bench.service.auditSeal.findUniqueOrThrow({ where: { seq }, include: { log: true } });
  return log.createdAt;
};

describe('an export', () => {
  it('holds everything, and is right as it was written', async () => {
    expect(whole).toHaveLength(ROWS + 3);
    expect(await bench.verifyLines(whole)).toMatchObject({
      ok: true,
      firstBad: null,
      head: { seq: ROWS },
      unsealed: { count: 1 },
      header: { since: null, until: null, links: { first_seq: 1, last_seq: ROWS, previous_hmac: '' } },
    });
    const logs = await bench.service.auditLog.findMany({ orderBy: [{ createdAt: 'asc' }] });
    const exported = whole.slice(1, -1).map((line) => entry.parse(JSON.parse(line)));
    expect(exported.map(({ log }) => [log.key, log.details])).toEqual(
      logs.map(({ key, details }) => [key, details]),
    );
  });

  it('of an empty log is right too', async () => {
    const empty = await AuditLogBench.open();
    try {
      const lines = await empty.exported();
      expect(await empty.verifyLines(lines)).toMatchObject({ ok: true, head: null, unsealed: { count: 0 } });
    } finally {
      await empty.close();
    }
  });

  it('of a time span goes from the first to the last row in it, and is verified from there', async () => {
    const span = { since: await timeOf(3), until: await timeOf(8) };
    const lines = await bench.exported(span);
    expect(lines).toHaveLength(5 + 2);
    expect(await bench.verifyLines(lines)).toMatchObject({
      ok: true,
      head: { seq: 7 },
      header: { since: span.since.toISOString(), links: { first_seq: 3, last_seq: 7 } },
    });
    expect(await bench.verifyLines(await bench.exported({ until: new Date(0) }))).toMatchObject({
      ok: true,
      header: { links: null, head: { seq: ROWS } },
    });
    expect(await bad(lines.toSpliced(3, 1))).toEqual({ ok: false, seq: 5, reason: 'link_missing' });
    expect(await bad(lines.toSpliced(5, 1))).toEqual({ ok: false, seq: 7, reason: 'cut_off' });
    expect(await bad(lines.toSpliced(1, 1))).toEqual({ ok: false, seq: 3, reason: 'link_missing' });
  });

  it('is not bound by anchors of later', async () => {
    await bench.append(events(3, 'later'));
    await bench.sealer().seal();
    expect(await bad(whole)).toEqual({ ok: true, seq: undefined, reason: undefined });
  });

  it('needs the key, and the anchors', async () => {
    expect(await bench.verifyLines(whole, randomBytes(32))).toMatchObject({
      ok: false,
      firstBad: { seq: 1 },
    });
    const lines = (async function* () {
      await Promise.resolve();
      yield* whole;
    })();
    expect(await verifyAuditExport(lines, bench.key, [])).toMatchObject({
      ok: false,
      firstBad: { reason: 'no_anchor' },
    });
  });

  it.each([[[]], [['']], [['{"type":"link"}']], [['rubbish', ...['more']]]])(
    'is not mistaken for one when it is none',
    async (lines) => {
      await expect(bench.verifyLines(lines)).rejects.toMatchObject({ name: 'NotAnExport' });
    },
  );
});

describe('an export that was changed afterwards', () => {
  const anyRow = integer({ min: 1, max: ROWS });
  const always = (property: (seq: number) => Promise<void>) =>
    assert(asyncProperty(anyRow, property), { numRuns: 20 });

  it('is found at the row that was edited', () =>
    always(async (seq) => {
      const edited = lineOf(seq).replace('"actor":"ana"', '"actor":"bob"');
      const { firstBad } = await bench.verifyLines(whole.with(seq, edited));
      expect(firstBad).toEqual({ seq, logId: rows[seq - 1]?.id, reason: 'changed' });
    }));

  it('is found at the line that is missing', () =>
    always(async (seq) => {
      const reason = seq === ROWS ? 'cut_off' : 'link_missing';
      expect(await bad(whole.toSpliced(seq, 1))).toEqual({ ok: false, seq, reason });
    }));

  it('is found at the first line that was moved', () =>
    always(async (seq) => {
      const moved = whole.toSpliced(seq, 1).toSpliced(seq === ROWS ? 1 : ROWS, 0, lineOf(seq));
      expect(await bad(moved)).toEqual({ ok: false, seq: seq === ROWS ? 1 : seq, reason: 'link_missing' });
    }));

  it('is found where a line was added', () =>
    always(async (seq) => {
      const added = lineOf(seq).replace('"actor":"ana"', '"actor":"eve"');
      expect(await bad(whole.toSpliced(seq, 0, added))).toEqual({ ok: false, seq, reason: 'changed' });
      expect(await bad(whole.toSpliced(seq + 1, 0, lineOf(seq)))).toEqual({
        ok: false,
        seq,
        reason: 'link_repeated',
      });
    }));

  it('is found where it ends too early', () =>
    always(async (seq) => {
      expect(await bad(whole.slice(0, seq))).toEqual({ ok: false, seq, reason: 'cut_off' });
      expect(await bad([...whole.slice(0, seq), lineOf(seq).slice(0, 20)])).toMatchObject({ ok: false, seq });
    }));

  it('is found when its header claims to be shorter or older', async () => {
    const header = whole[0] ?? '';
    const shorter = header.replace(`"last_seq":${ROWS}`, `"last_seq":${ROWS - 1}`);
    expect(await bad([shorter, ...whole.slice(1).toSpliced(ROWS - 1, 1)])).toEqual({
      ok: false,
      seq: null,
      reason: 'export_changed',
    });
    const older = header.replace(/"exported_at":"\d{4}/, '"exported_at":"2001');
    expect(await bad([older, ...whole.slice(1)])).toEqual({ ok: false, seq: null, reason: 'export_changed' });
  });

  it.each([
    [
      'an edited unsealed row',
      (lines: readonly string[]) => lines.with(-2, (lines.at(-2) ?? '').replace('ana', 'bob')),
    ],
    ['a removed unsealed row', (lines: readonly string[]) => lines.toSpliced(-2, 1)],
    ['a removed end', (lines: readonly string[]) => lines.slice(0, -1)],
    ['a line after the end', (lines: readonly string[]) => [...lines, lines.at(-2) ?? '']],
    ['a second end', (lines: readonly string[]) => [...lines, lines.at(-1) ?? '']],
  ])('is found by its end: %s', async (_what, change) => {
    expect(await bad(change(whole))).toMatchObject({ ok: false, reason: 'export_changed' });
  });
});

describe('an export of a log whose end was cut off before', () => {
  it('is held against the anchors of that time, also when it is of a time span', async () => {
    const other = await AuditLogBench.open();
    try {
      await other.appendOneByOne(events(5));
      await other.sealer().seal();
      await other.tamper(
        'DELETE FROM audit_logs USING audit_chain WHERE id = log_id AND seq > 3',
        'DELETE FROM audit_chain WHERE seq > 3',
      );
      const cutOff = { ok: false, firstBad: { seq: 4, logId: null, reason: 'cut_off' } };
      expect(await other.verifyLines(await other.exported())).toMatchObject(cutOff);
      expect(await other.verifyLines(await other.exported({ since: new Date(0) }))).toMatchObject(cutOff);
    } finally {
      await other.close();
    }
  });

  it('is held against every anchor, not only the last', async () => {
    const other = await AuditLogBench.open();
    try {
      await other.append(events(2));
      await appendAnchor(other.anchorFile, { seq: 1, hmac: '0'.repeat(64) });
      await other.sealer(`${other.anchorFile}.other`).seal();
      await appendAnchor(other.anchorFile, {
        seq: 2,
        hmac: (await other.service.auditSeal.findUniqueOrThrow({ where: { seq: 2 } })).hmac,
      });
      expect(await other.verify()).toMatchObject({
        ok: false,
        firstBad: { seq: 1, reason: 'not_as_anchored' },
      });
    } finally {
      await other.close();
    }
  });
});
