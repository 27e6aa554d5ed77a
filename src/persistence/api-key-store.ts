import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { ANONYMOUS, ROLES, type Principal, type Role } from '../domain/access';
import { DomainError } from '../domain/errors';
import { appendInTransaction } from './audit-trail';
import { member } from './columns';
import type { ApiKeyRecord, ApiKeys } from '../ports/access';
import type { PrismaClient, Transaction } from './client';
import type { ApiKey } from './generated/client';

/** `tinman_<id without dashes>_<secret>`: the id finds the row, the secret proves it. */
const KEY = /^tinman_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SECRET_BYTES = 32;
const OWNER = /^[^\p{C}]{1,100}$/u;
/** Serialises the making of the first key. */
const BOOTSTRAP_LOCK = 7_461_003;

/** Keys of the API over `api_keys`. */
export function createApiKeys(prisma: PrismaClient): ApiKeys {
  return {
    async create({ owner, role, createdBy }) {
      refuseOwner(owner);
      const id = randomUUID();
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const row = await prisma.$transaction((tx) => insert(tx, { id, secret, owner, role, createdBy }));
      return { key: `tinman_${id.replaceAll('-', '')}_${secret}`, record: recordOf(row) };
    },

    async bootstrap(key) {
      const parts = partsOf(key);
      if (parts === undefined) {
        throw new DomainError(
          'invalid_configuration',
          'the bootstrap key is none: tinman_<32 hex>_<43 base64url>',
        );
      }
      return prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${BOOTSTRAP_LOCK})`;
        if ((await tx.apiKey.count()) > 0) return false;
        await insert(tx, { ...parts, owner: 'bootstrap', role: 'admin', createdBy: 'bootstrap' });
        return true;
      });
    },

    list: async () => {
      const rows = await prisma.apiKey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] });
      return rows.map(recordOf);
    },

    revoke: (id, revokedBy) => prisma.$transaction((tx) => revoke(tx, id, revokedBy)),

    exist: async () => (await prisma.apiKey.count({ where: { revokedAt: null } })) > 0,

    principalOf: (key) => principalOf(prisma, key),
  };
}

function refuseOwner(owner: string): void {
  if (OWNER.test(owner) && owner.trim() === owner && owner !== ANONYMOUS) return;
  throw new DomainError(
    'invalid_arguments',
    `an owner is a name of 1 to 100 characters, and not "${ANONYMOUS}"`,
  );
}

interface NewKey {
  readonly id: string;
  readonly secret: string;
  readonly owner: string;
  readonly role: Role;
  readonly createdBy: string;
}

async function insert(tx: Transaction, { id, secret, owner, role, createdBy }: NewKey): Promise<ApiKey> {
  const row = await tx.apiKey.create({
    data: { id, owner, role, createdBy, secretHash: hashOf(secret).toString('hex') },
  });
  await appendInTransaction(tx, [
    {
      key: `api_key_created/${id}`,
      eventType: 'api_key_created',
      actor: createdBy,
      subjectType: 'api_key',
      subjectId: id,
      details: { owner, role },
    },
  ]);
  return row;
}

async function revoke(tx: Transaction, id: string, revokedBy: string): Promise<ApiKeyRecord> {
  if (!ID.test(id)) throw unknownKey(id);
  const revokedAt = new Date();
  const { count } = await tx.apiKey.updateMany({
    where: { id, revokedAt: null },
    data: { revokedAt, revokedBy },
  });
  const row = await tx.apiKey.findUnique({ where: { id } });
  if (row === null) throw unknownKey(id);
  if (count === 0) throw new DomainError('state_conflict', `key ${id} was revoked by ${row.revokedBy}`);
  await appendInTransaction(tx, [
    {
      key: `api_key_revoked/${id}`,
      eventType: 'api_key_revoked',
      actor: revokedBy,
      subjectType: 'api_key',
      subjectId: id,
      details: { owner: row.owner, role: row.role },
    },
  ]);
  return recordOf(row);
}

function unknownKey(id: string): DomainError {
  return new DomainError('not_found', `there is no key ${id}`);
}

async function principalOf(prisma: PrismaClient, key: string): Promise<Principal | undefined> {
  const parts = partsOf(key);
  if (parts === undefined) return undefined;
  const row = await prisma.apiKey.findUnique({ where: { id: parts.id } });
  // Compared also where there is no such key, so that the time tells nothing.
  const stored = Buffer.from(row?.secretHash ?? '0'.repeat(64), 'hex');
  const matches = timingSafeEqual(stored, hashOf(parts.secret));
  if (row === null || !matches || row.revokedAt !== null) return undefined;
  return { name: row.owner, role: member(ROLES, row.role), keyId: row.id };
}

function partsOf(key: string): { readonly id: string; readonly secret: string } | undefined {
  const [, hex = '', secret = ''] = KEY.exec(key) ?? [];
  if (secret === '') return undefined;
  return { id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), secret };
}

/** A secret of 256 random bits needs no slow hash. */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function recordOf(row: ApiKey): ApiKeyRecord {
  const { id, owner, role, createdBy, createdAt, revokedBy, revokedAt } = row;
  return { id, owner, role: member(ROLES, role), createdBy, createdAt, revokedBy, revokedAt };
}
