import { assert, asyncProperty, integer, uniqueArray } from 'fast-check';
import type { BadRow } from '../../src/persistence/audit-chain';
import { AuditLogBench, events, type SealedRow } from './audit-log';

const ROWS = 12;

let bench: AuditLogBench;
let rows: readonly SealedRow[];
beforeAll(async () => {
  bench = await AuditLogBench.open();
  await bench.appendOneByOne(events(ROWS));
  await bench.sealer().seal();
  rows = await bench.sealed();
  await bench.superuser.$executeRaw`CREATE TABLE saved_logs AS SELECT * FROM audit_logs`;
  await bench.superuser.$executeRaw`CREATE TABLE saved_chain AS SELECT * FROM audit_chain`;
}, 30_000);
afterAll(() => bench.close());

afterEach(() =>
  bench.tamper(
    'DELETE FROM audit_chain',
    'DELETE FROM audit_logs',
    'INSERT INTO audit_logs SELECT * FROM saved_logs',
    'INSERT INTO audit_chain SELECT * FROM saved_chain',
  ),
);

describe('what nobody has touched', () => {
  it('is found right, online and in an export', async () => {
    const right = { ok: true, firstBad: null, head: { seq: ROWS }, unsealed: { count: 0, oldest: null } };
    expect(await bench.verify()).toMatchObject(right);
    expect(await bench.verifyLines(await bench.exported())).toMatchObject(right);
  });
});

/** A bad row, or what it must look like. */
type Said = Readonly<Record<keyof BadRow, unknown>>;

/** How a row at a place can be tampered with, and what must be said of it. */
interface Tampering {
  readonly sql: (row: SealedRow) => readonly string[];
  readonly says: (row: SealedRow) => Said;
}

const changed = ({ seq, id }: SealedRow): Said => ({ seq, logId: id, reason: 'changed' });
const edit = (assignment: string): Tampering => ({
  sql: ({ id }) => [`UPDATE audit_logs SET ${assignment} WHERE id = '${id}'`],
  says: changed,
});
/** What somebody can compute who knows how links are made, but not the key. */
const PLAIN_HASH = `encode(sha256(convert_to(id::text || 'x', 'UTF8')), 'hex')`;

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'an edited actor': edit(`actor = 'bob'`),
  'an edited event type': edit(`event_type = 'cycle_ended'`),
  'an edited subject': edit(`subject_id = '2'`),
  'an edited detail': edit(`details = jsonb_set(details, '{i}', '700')`),
  'an added detail': edit(`details = details || '{"x": null}'`),
  'an edited time': edit(`created_at = created_at + interval '1 ms'`),
  'a time that is none': edit(`created_at = 'infinity'`),
  'an edited key': edit(`key = key || 'x'`),
  'an edited row with a plain hash for its link': {
    sql: ({ id, seq }) => [
      `UPDATE audit_logs SET actor = 'bob' WHERE id = '${id}'`,
      `UPDATE audit_chain SET hmac = (SELECT ${PLAIN_HASH} FROM audit_logs WHERE id = '${id}') WHERE seq = ${seq}`,
    ],
    says: changed,
  },
  'an edited link': {
    sql: ({ seq }) => [`UPDATE audit_chain SET hmac = repeat('0', 64) WHERE seq = ${seq}`],
    says: changed,
  },
  'a deleted row': {
    sql: ({ id }) => [`DELETE FROM audit_logs WHERE id = '${id}'`],
    says: ({ seq, id }) => ({ seq, logId: id, reason: 'row_missing' }),
  },
  'a deleted link, whose row is left': {
    sql: ({ seq }) => [`DELETE FROM audit_chain WHERE seq = ${seq}`],
    says: ({ seq }) => ({ seq, logId: null, reason: seq === ROWS ? 'cut_off' : 'link_missing' }),
  },
  'a deleted row with its link': {
    sql: ({ seq, id }) => [
      `DELETE FROM audit_chain WHERE seq = ${seq}`,
      `DELETE FROM audit_logs WHERE id = '${id}'`,
    ],
    says: ({ seq }) => ({ seq, logId: null, reason: seq === ROWS ? 'cut_off' : 'link_missing' }),
  },
  'a deleted row and link, and the rest moved up': {
    sql: ({ seq, id }) => [
      `DELETE FROM audit_chain WHERE seq = ${seq}`,
      `DELETE FROM audit_logs WHERE id = '${id}'`,
      `UPDATE audit_chain SET seq = seq + 1000 WHERE seq > ${seq}`,
      'UPDATE audit_chain SET seq = seq - 1001 WHERE seq > 1000',
    ],
    says: ({ seq }) =>
      seq === ROWS
        ? { seq, logId: null, reason: 'cut_off' }
        : { seq, logId: rows[seq]?.id ?? '', reason: 'changed' },
  },
  'everything from there on cut off': {
    sql: ({ seq }) => [
      `DELETE FROM audit_logs USING audit_chain WHERE id = log_id AND seq >= ${seq}`,
      `DELETE FROM audit_chain WHERE seq >= ${seq}`,
    ],
    says: ({ seq }) => ({ seq, logId: null, reason: 'cut_off' }),
  },
  'a row put in with a link of its own': {
    sql: ({ seq, id }) => [
      `UPDATE audit_chain SET seq = seq + 1000 WHERE seq >= ${seq}`,
      'UPDATE audit_chain SET seq = seq - 999 WHERE seq > 1000',
      `INSERT INTO audit_logs SELECT gen_random_uuid(), 'mine', event_type, 'eve', subject_type, subject_id, details, 1,
         created_at FROM audit_logs WHERE id = '${id}'`,
      `INSERT INTO audit_chain SELECT ${seq}, id, ${PLAIN_HASH} FROM audit_logs WHERE key = 'mine'`,
    ],
    says: ({ seq }) => ({ seq, logId: expect.any(String) as unknown, reason: 'changed' }),
  },
};

async function tamperWith(tampering: Tampering, at: number): Promise<Said> {
  const row = rows[at - 1];
  if (row === undefined) throw new Error(`there is no row ${at}`);
  await bench.tamper(...tampering.sql(row));
  return tampering.says(row);
}

describe.each(Object.entries(TAMPERINGS))('%s', (_what, tampering) => {
  it.each([
    ['first', 1],
    ['middle', 6],
    ['last', ROWS],
  ])('is named at the %s place', async (_place, at) => {
    const bad = await tamperWith(tampering, at);
    expect(await bench.verify()).toMatchObject({ ok: false, firstBad: bad });
  });

  it('is named in an export that was made afterwards', async () => {
    const bad = await tamperWith(tampering, 5);
    expect(await bench.verifyLines(await bench.exported())).toMatchObject({ ok: false, firstBad: bad });
  });
});

describe('the first of several bad rows', () => {
  it('is named wherever they are', async () => {
    const places = uniqueArray(integer({ min: 1, max: ROWS }), { minLength: 1, maxLength: 4 });
    await assert(
      asyncProperty(places, async (at) => {
        const chosen = rows.filter(({ seq }) => at.includes(seq));
        await bench.tamper(
          `UPDATE audit_logs SET actor = 'ana'`,
          ...chosen.map(({ id }) => `UPDATE audit_logs SET actor = 'bob' WHERE id = '${id}'`),
        );
        const first = chosen[0]?.seq ?? 0;
        const { firstBad, head } = await bench.verify();
        expect({ firstBad, intact: head?.seq ?? 0 }).toEqual({
          firstBad: { seq: first, logId: chosen[0]?.id, reason: 'changed' },
          intact: first - 1,
        });
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('is the first of two that changed places', async () => {
    const pair = uniqueArray(integer({ min: 1, max: ROWS }), { minLength: 2, maxLength: 2 });
    const swap = (a: number, b: number) => [
      `UPDATE audit_chain SET seq = 1000 WHERE seq = ${a}`,
      `UPDATE audit_chain SET seq = ${a} WHERE seq = ${b}`,
      `UPDATE audit_chain SET seq = ${b} WHERE seq = 1000`,
    ];
    await assert(
      asyncProperty(pair, async ([a = 0, b = 0]) => {
        await bench.tamper(...swap(a, b));
        expect(await bench.verify()).toMatchObject({
          ok: false,
          firstBad: { seq: Math.min(a, b), reason: 'changed' },
        });
        await bench.tamper(...swap(a, b));
      }),
      { numRuns: 10 },
    );
  }, 60_000);
});

describe('a row that is put in without a link', () => {
  const insertAt = (time: string, key = 'mine') =>
    `INSERT INTO audit_logs VALUES (gen_random_uuid(), '${key}', 'cycle_opened', 'eve', 'cycle', '1', '{}', 1, ${time})`;
  const timeOf = (seq: number) =>
    `(SELECT created_at FROM audit_logs JOIN audit_chain ON log_id = id WHERE seq = ${seq})`;

  it.each([
    ['before all', `${timeOf(1)} - interval '1 ms'`],
    ['long before all', `timestamptz '2001-01-01'`],
    ['in the middle', timeOf(6)],
    ['just before the last', `${timeOf(ROWS)} - interval '1 ms'`],
    ['in the future', `now() + interval '1 day'`],
  ])('%s is named, online and in an export, and never sealed', async (_where, time) => {
    await bench.tamper(insertAt(time));
    const [mine] = await bench.superuser.auditLog.findMany({ where: { key: 'mine' } });
    const expected = { ok: false, firstBad: { seq: null, logId: mine?.id, reason: 'inserted' } };
    expect(await bench.verify()).toMatchObject(expected);
    expect(await bench.verifyLines(await bench.exported())).toMatchObject(expected);
    await bench.sealer().seal();
    expect(await bench.verify()).toMatchObject({ ...expected, unsealed: { count: 1 } });
  });

  it('at the end is part of the unsealed tail, which is reported', async () => {
    await bench.tamper(insertAt('clock_timestamp()'));
    expect(await bench.verify()).toMatchObject({
      ok: true,
      unsealed: { count: 1, oldest: expect.stringMatching(/^\d{4}-.*Z$/) as unknown },
    });
  });
});

describe('tables without their keys and checks', () => {
  it('hide neither a second link in a taken place nor one below the first', async () => {
    await bench.tamper('ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_pkey');
    await bench.tamper('ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_seq_check');
    try {
      for (const seq of [4, ROWS, 0, -7]) {
        await bench.tamper(`INSERT INTO audit_chain VALUES (${seq}, gen_random_uuid(), repeat('0', 64))`);
        const { ok, firstBad } = await bench.verify();
        expect({ ok, seq: firstBad?.seq }).toEqual({ ok: false, seq });
        await bench.tamper(`DELETE FROM audit_chain WHERE hmac = repeat('0', 64)`);
      }
    } finally {
      await bench.tamper(
        'ALTER TABLE audit_chain ADD CONSTRAINT audit_chain_pkey PRIMARY KEY (seq)',
        'ALTER TABLE audit_chain ADD CONSTRAINT audit_chain_seq_check CHECK (seq >= 1)',
      );
    }
  });

  it('hide no link that is shorter than a link or not there', async () => {
    await bench.tamper(
      'ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_hmac_check',
      'ALTER TABLE audit_chain ALTER COLUMN hmac DROP NOT NULL',
    );
    try {
      for (const hmac of [`''`, `'ü'`, 'NULL']) {
        await bench.tamper(`UPDATE audit_chain SET hmac = ${hmac} WHERE seq = 3`);
        expect(await bench.verify()).toMatchObject({ ok: false, firstBad: { seq: 3, reason: 'changed' } });
      }
    } finally {
      await bench.tamper(
        'UPDATE audit_chain c SET hmac = s.hmac FROM saved_chain s WHERE s.seq = c.seq',
        'ALTER TABLE audit_chain ALTER COLUMN hmac SET NOT NULL',
      );
    }
  });
});
