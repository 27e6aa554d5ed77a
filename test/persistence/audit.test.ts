import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditTrail, appendInTransaction } from '../../src/persistence/audit-trail';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { loadAuditKey } from '../../src/persistence/audit-key';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { event, events } from './audit-log';

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
  ])('refuses %s, even to its owner', async (sql) => {
    await createAuditTrail(prisma).append(events(2));
    await expect(prisma.$executeRawUnsafe(sql)).rejects.toThrow(/append-only/);
    expect(await prisma.auditLog.count({ where: { actor: 'ana' } })).toBe(2);
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
