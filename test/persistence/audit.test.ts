import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditTrail, appendInTransaction } from '../../src/persistence/audit-trail';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { loadAuditKey } from '../../src/persistence/audit-key';
import { sealAuditLog, verifyAuditChain } from '../../src/persistence/audit-sealer';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import type { AuditEvent } from '../../src/ports/audit';

const KEY = randomBytes(32);

let database: TestDatabase;
let prisma: PrismaClient;
beforeEach(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url, { poolSize: 5 });
});
afterEach(async () => {
  await closePrisma(prisma);
  await database.drop();
});

const event = (key: string, details: AuditEvent['details'] = {}): AuditEvent => ({
  key,
  eventType: 'cycle_opened',
  actor: 'ana',
  subjectType: 'cycle',
  subjectId: '1',
  details,
});
const events = (count: number): AuditEvent[] =>
  Array.from({ length: count }, (_, i) => event(`event/${i}`, { i, nested: { b: [i, 'ü'], a: 0.1 } }));

/** What somebody with the owner's rights could do: changes rows behind the triggers. */
async function tamper(sql: string): Promise<void> {
  await prisma.$transaction([
    prisma.$executeRaw`SET LOCAL session_replication_role = replica`,
    prisma.$executeRawUnsafe(sql),
  ]);
}

describe('the audit trail', () => {
  it('writes an event once, as it was first', async () => {
    const trail = createAuditTrail(prisma);
    await trail.append([event('a', { n: 1 }), event('b')]);
    await trail.append([event('a', { n: 2 })]);
    await trail.append([]);
    const rows = await prisma.auditLog.findMany({ orderBy: { key: 'asc' } });
    expect(rows).toMatchObject([
      { key: 'a', eventType: 'cycle_opened', actor: 'ana', subjectId: '1', details: { n: 1 } },
      { key: 'b' },
    ]);
  });

  it('goes away with the transaction it is part of', async () => {
    const work = prisma.$transaction(async (tx) => {
      await appendInTransaction(tx, [event('a')]);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await prisma.auditLog.count()).toBe(0);
  });

  it('never holds a value that is named like a secret', async () => {
    await createAuditTrail(prisma).append([
      event('a', { apiKey: 'sk-1', headers: [{ Authorization: 'Bearer sk-2' }], inputTokens: 3 }),
    ]);
    const { details } = await prisma.auditLog.findFirstOrThrow();
    expect(details).toEqual({
      apiKey: '[redacted]',
      headers: [{ Authorization: '[redacted]' }],
      inputTokens: 3,
    });
  });

  it.each([
    `UPDATE audit_logs SET actor = 'bob'`,
    'DELETE FROM audit_logs',
    'TRUNCATE audit_logs CASCADE',
    `UPDATE audit_chain SET hmac = repeat('0', 64)`,
    'DELETE FROM audit_chain',
    'TRUNCATE audit_chain',
  ])('refuses %s', async (sql) => {
    await createAuditTrail(prisma).append(events(2));
    await sealAuditLog(prisma, KEY);
    await expect(prisma.$executeRawUnsafe(sql)).rejects.toThrow(/append-only/);
    expect(await verifyAuditChain(prisma, KEY)).toMatchObject({ ok: true, head: { seq: 2 }, unsealed: 0 });
  });
});

describe('the audit chain', () => {
  it('seals what is new, in batches, and verifies', async () => {
    expect(await verifyAuditChain(prisma, KEY)).toEqual({ ok: true, head: null, unsealed: 0 });
    await createAuditTrail(prisma).append(events(1_100));
    expect(await verifyAuditChain(prisma, KEY)).toEqual({ ok: true, head: null, unsealed: 1_100 });
    expect(await sealAuditLog(prisma, KEY)).toBe(1_100);
    await createAuditTrail(prisma).append([event('late')]);
    expect(await verifyAuditChain(prisma, KEY)).toMatchObject({
      ok: true,
      head: { seq: 1_100 },
      unsealed: 1,
    });
    expect(await sealAuditLog(prisma, KEY)).toBe(1);
    expect(await sealAuditLog(prisma, KEY)).toBe(0);
  });

  it('is one chain when several processes seal at once', async () => {
    await createAuditTrail(prisma).append(events(300));
    const sealed = await Promise.all(Array.from({ length: 5 }, () => sealAuditLog(prisma, KEY)));
    expect(sealed.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(await verifyAuditChain(prisma, KEY)).toMatchObject({ ok: true, head: { seq: 300 }, unsealed: 0 });
  });

  it.each([
    ['an actor', `UPDATE audit_logs SET actor = 'bob'`],
    ['a detail', `UPDATE audit_logs SET details = jsonb_set(details, '{i}', '7')`],
    ['a time', `UPDATE audit_logs SET created_at = created_at + interval '1 ms'`],
    ['a key', `UPDATE audit_logs SET key = key || 'x'`],
    ['a seal', `UPDATE audit_chain SET hmac = repeat('0', 64)`],
  ])('names the first row in which %s was changed', async (_what, sql) => {
    await createAuditTrail(prisma).append(events(5));
    await sealAuditLog(prisma, KEY);
    const third = await prisma.auditSeal.findUniqueOrThrow({ where: { seq: 3n } });
    const column = sql.includes('audit_chain') ? 'log_id' : 'id';
    await tamper(`${sql} WHERE ${column} = '${third.logId}'`);
    expect(await verifyAuditChain(prisma, KEY)).toEqual({
      ok: false,
      firstBad: { seq: 3, logId: third.logId, reason: 'content_changed' },
      unsealed: 0,
    });
  });

  it('names a row that was removed, and one that was exchanged', async () => {
    await createAuditTrail(prisma).append(events(5));
    await sealAuditLog(prisma, KEY);
    await tamper('DELETE FROM audit_chain WHERE seq = 2');
    expect(await verifyAuditChain(prisma, KEY)).toMatchObject({
      ok: false,
      firstBad: { seq: 2, logId: null, reason: 'missing_link' },
    });
    await tamper('UPDATE audit_chain SET seq = seq - 1 WHERE seq > 2');
    expect(await verifyAuditChain(prisma, KEY)).toMatchObject({
      ok: false,
      firstBad: { seq: 2, reason: 'content_changed' },
    });
  });

  it('does not verify with another key', async () => {
    await createAuditTrail(prisma).append(events(1));
    await sealAuditLog(prisma, KEY);
    expect(await verifyAuditChain(prisma, randomBytes(32))).toMatchObject({
      ok: false,
      firstBad: { seq: 1 },
    });
  });
});

describe('the key of the chain', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tinman-key-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, for its owner only', async () => {
    const path = join(folder, 'keys', 'audit.key');
    const [first, second] = await Promise.all([loadAuditKey(path), loadAuditKey(path)]);
    expect(first).toHaveLength(32);
    expect(second).toEqual(first);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toBe(first.toString('hex'));
  });

  it('is refused when the file holds something else', async () => {
    const path = join(folder, 'audit.key');
    await writeFile(path, 'not a key');
    await expect(loadAuditKey(path)).rejects.toThrow('is not an audit key');
  });
});
