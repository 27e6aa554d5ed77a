import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAnchors } from '../../src/persistence/audit-anchor';
import { exportAuditLog } from '../../src/persistence/audit-export';
import { verifyAuditExport, type ExportVerification } from '../../src/persistence/audit-export-verifier';
import type { TimeSpan } from '../../src/persistence/audit-rows';
import { AuditSealer } from '../../src/persistence/audit-sealer';
import { createAuditTrail } from '../../src/persistence/audit-trail';
import type { AuditVerification } from '../../src/persistence/audit-trail-judge';
import { verifyAuditLog } from '../../src/persistence/audit-verifier';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import type { AuditEvent } from '../../src/ports/audit';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

export const event = (key: string, details: AuditEvent['details'] = {}): AuditEvent => ({
  key,
  eventType: 'cycle_opened',
  actor: 'ana',
  subjectType: 'cycle',
  subjectId: '1',
  details,
});

export const events = (count: number, name = 'event'): AuditEvent[] =>
  Array.from({ length: count }, (_, i) => event(`${name}/${i}`, { i, nested: { b: [i, 'ü'], a: 0.1 } }));

/** A row of the chain with its log. */
export interface SealedRow {
  readonly seq: number;
  readonly id: string;
}

/** An audit log of its own: the service's side as the service's role, and somebody who may do everything in the database. */
export class AuditLogBench {
  readonly key = randomBytes(32);

  private constructor(
    readonly database: TestDatabase,
    readonly folder: string,
    readonly service: PrismaClient,
    readonly superuser: PrismaClient,
  ) {}

  static async open(): Promise<AuditLogBench> {
    const database = await createTestDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'tinman-audit-'));
    return new AuditLogBench(
      database,
      folder,
      createPrisma(database.serviceUrl, { poolSize: 10 }),
      createPrisma(database.url, { poolSize: 5 }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([closePrisma(this.service), closePrisma(this.superuser)]);
    await this.database.drop();
    await rm(this.folder, { recursive: true });
  }

  get anchorFile(): string {
    return join(this.folder, 'audit.anchor');
  }

  append(added: readonly AuditEvent[]): Promise<void> {
    return createAuditTrail(this.service).append(added);
  }

  /** One event a statement, so that all have times of their own. */
  async appendOneByOne(added: readonly AuditEvent[]): Promise<void> {
    for (const one of added) {
      await this.append([one]);
      await this.service.$executeRaw`SELECT pg_sleep(0.002)`;
    }
  }

  /** A sealer as a process has it. */
  sealer(anchorFile = this.anchorFile): AuditSealer {
    return new AuditSealer(this.service, this.key, anchorFile);
  }

  async verify(key = this.key): Promise<AuditVerification> {
    return verifyAuditLog(this.service, key, (await readAnchors(this.anchorFile)).anchors);
  }

  async exported(span: TimeSpan = {}): Promise<readonly string[]> {
    const lines: string[] = [];
    await exportAuditLog(this.service, this.key, span, (line) => void lines.push(line.trimEnd()));
    return lines;
  }

  async verifyLines(lines: readonly string[], key = this.key): Promise<ExportVerification> {
    const { anchors } = await readAnchors(this.anchorFile);
    return verifyAuditExport(asStream(lines), key, anchors);
  }

  /** What somebody with all rights could do: changes rows behind triggers, checks and keys. */
  async tamper(...statements: readonly string[]): Promise<void> {
    await this.superuser.$transaction([
      this.superuser.$executeRaw`SET LOCAL session_replication_role = replica`,
      ...statements.map((sql) => this.superuser.$executeRawUnsafe(sql)),
    ]);
  }

  async sealed(): Promise<readonly SealedRow[]> {
    return this.superuser.$queryRaw<SealedRow[]>`
      SELECT seq::int AS seq, log_id::text AS id FROM audit_chain ORDER BY seq`;
  }

  anchorText(): Promise<string> {
    return readFile(this.anchorFile, 'utf8');
  }
}

async function* asStream(lines: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve();
  yield* lines;
}
