import crypto, { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAccess } from '../../src/open-access';
import { createApiKeys } from '../../src/persistence/api-key-store';
import { createApprovalProofs } from '../../src/persistence/approval-proofs';
import { LAX, assessedAction, startStores, type StoredWorld } from '../support/stored-cycle';

let world: StoredWorld;
beforeEach(async () => void (world = await startStores()), 60_000);
afterEach(() => world?.stop());

const keysOf = () => createApiKeys(world.prisma);
const ANA = { owner: 'ana', role: 'approver', createdBy: 'root' } as const;
const freshKey = () => `tinman_${randomUUID().replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;

describe('a key', () => {
  it('stands for its owner until it is revoked, and is kept as a hash only', async () => {
    const keys = keysOf();
    expect(await keys.exist()).toBe(false);
    const { key, record } = await keys.create(ANA);
    expect(await keys.principalOf(key)).toEqual({ name: 'ana', role: 'approver', keyId: record.id });
    expect(await keys.exist()).toBe(true);
    const secret = key.split('_').slice(2).join('_');
    const stored = JSON.stringify([
      await world.prisma.apiKey.findMany(),
      await world.prisma.auditLog.findMany(),
    ]);
    expect(stored).not.toContain(secret);
    expect(JSON.stringify(await keys.list())).not.toMatch(/hash|secret/i);
    await keys.revoke(record.id, 'root');
    expect(await keys.principalOf(key)).toBeUndefined();
    expect(await keys.exist()).toBe(false);
    await expect(keys.revoke(record.id, 'root')).rejects.toMatchObject({ code: 'state_conflict' });
    await expect(keys.revoke(randomUUID(), 'root')).rejects.toMatchObject({ code: 'not_found' });
    expect(await world.audited(record.id, 'api_key_created')).toBe(1);
    expect(await world.audited(record.id, 'api_key_revoked')).toBe(1);
  });

  it('is nobody when a character of it is another', async () => {
    const keys = keysOf();
    const { key } = await keys.create(ANA);
    for (const at of [8, 20, 45, key.length - 2]) {
      const other = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1);
      expect(await keys.principalOf(other)).toBeUndefined();
    }
    for (const other of ['', 'tinman_', `${key} `, key.toUpperCase(), freshKey()]) {
      expect(await keys.principalOf(other)).toBeUndefined();
    }
  });

  it('takes as long to refuse whatever is wrong with it: two hashes are compared, in constant time', async () => {
    const keys = keysOf();
    const { key, record } = await keys.create(ANA);
    const ended = await keys.create(ANA);
    await keys.revoke(ended.record.id, 'root');
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    const wrong = key.replace(/.{43}$/, randomBytes(32).toString('base64url'));
    for (const presented of [wrong, freshKey(), ended.key, key]) {
      compare.mockClear();
      const found = await keys.principalOf(presented);
      expect(found?.keyId).toBe(presented === key ? record.id : undefined);
      expect(compare.mock.calls.map((sides) => sides.map(({ byteLength }) => byteLength))).toEqual([
        [32, 32],
      ]);
    }
    compare.mockRestore();
  });

  it('cannot be revoked by what is no id', async () => {
    await expect(keysOf().revoke('ana', 'root')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is audited in the transaction that makes or ends it', async () => {
    const keys = keysOf();
    const { record } = await keys.create(ANA);
    await world.prisma.$executeRaw`
      CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no audit'; END $$`;
    await world.prisma.$executeRaw`
      CREATE TRIGGER refuse_all BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_all()`;
    await expect(keys.create({ ...ANA, owner: 'ben' })).rejects.toThrow('no audit');
    await expect(keys.revoke(record.id, 'root')).rejects.toThrow('no audit');
    expect(await keys.list()).toEqual([record]);
  });

  it.each(['', ' ana', 'anonymous', 'a'.repeat(101), 'a\nb'])('cannot be of %j', async (owner) => {
    await expect(keysOf().create({ ...ANA, owner })).rejects.toMatchObject({ code: 'invalid_arguments' });
  });
});

describe('the first key', () => {
  it('comes from a file, once', async () => {
    const keys = keysOf();
    const folder = await mkdtemp(join(tmpdir(), 'tinman-key-'));
    const bootstrapKeyFile = join(folder, 'key');
    const key = freshKey();
    const access = { requestsPerMinute: 1, corsOrigins: [], bootstrapKeyFile };
    await writeFile(bootstrapKeyFile, 'no key');
    await expect(openAccess(keys, { host: '0.0.0.0', access })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
    await writeFile(bootstrapKeyFile, `${key}\n`);
    await Promise.all([1, 2, 3].map(() => openAccess(keys, { host: '0.0.0.0', access })));
    expect(await keys.principalOf(key)).toMatchObject({ name: 'bootstrap', role: 'admin' });
    expect(await keys.list()).toHaveLength(1);
    await writeFile(bootstrapKeyFile, freshKey());
    await openAccess(keys, { host: '0.0.0.0', access });
    expect(await keys.list()).toHaveLength(1);
    await rm(folder, { recursive: true });
  });

  it('is needed where others can reach the service', async () => {
    const keys = keysOf();
    const access = { requestsPerMinute: 1, corsOrigins: [] };
    for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.com', '127.0.0.1.example.com']) {
      await expect(openAccess(keys, { host, access })).rejects.toThrow(/tinman keys create/);
    }
    for (const host of ['127.0.0.1', '::1', 'localhost', '127.1.2.3'])
      await openAccess(keys, { host, access });
    await keys.create(ANA);
    await openAccess(keys, { host: '0.0.0.0', access });
  });
});

describe('a proof', () => {
  const asked = async (severity: 'S1' | 'S3') => {
    const { action, ...rest } = assessedAction(randomUUID());
    const origin = { cycleId: null, workflowId: randomUUID(), requestedBy: 'ana' };
    await world.stores.approvals.saveAssessed(origin, [{ ...rest, action: { ...action, severity } }]);
    return action.approvalId;
  };
  const decide = (approvalId: string, proofId: string | undefined, state: 'approved' | 'rejected') =>
    world.stores.approvals.record(
      {
        approvalId,
        state,
        decidedBy: 'claimed',
        reason: null,
        decidedAt: new Date().toISOString(),
        via: 'update',
        ...(proofId === undefined ? {} : { proofId }),
      },
      LAX,
    );
  const proofOf = async (approvalId: string, owner: string, role: 'approver' | 'operator' = 'approver') => {
    const { record } = await keysOf().create({ ...ANA, owner, role });
    const principal = { name: owner, role, keyId: record.id };
    const decision = { approval_id: approvalId, decision: 'approved', decided_by: 'claimed' } as const;
    const id = await createApprovalProofs(world.prisma).write(decision, principal);
    return { id, keyId: record.id };
  };

  it('shows who decided, and is the same for a repeat', async () => {
    const approvalId = await asked('S3');
    const { id } = await proofOf(approvalId, 'ben');
    expect(await decide(approvalId, id, 'approved')).toMatchObject({
      taken: true,
      decided: { decidedBy: 'claimed', provenBy: 'ben' },
    });
  });

  it('does not prove what it is not of', async () => {
    const other = await proofOf(await asked('S3'), 'ben');
    const approvalId = await asked('S3');
    for (const proofId of [other.id, randomUUID(), 'no id', undefined]) {
      expect(await decide(approvalId, proofId, 'approved')).toMatchObject({ code: 'decision_unproven' });
    }
    expect(await decide(approvalId, other.id, 'rejected')).toMatchObject({ decided: { provenBy: null } });
  });

  it('does not prove with a key that was revoked, or of whoever asked, or without the role', async () => {
    const approvalId = await asked('S3');
    const own = await proofOf(approvalId, 'ana');
    expect(await decide(approvalId, own.id, 'approved')).toMatchObject({ code: 'four_eyes_required' });
    const ben = await proofOf(approvalId, 'ben');
    await keysOf().revoke(ben.keyId, 'root');
    expect(await decide(approvalId, ben.id, 'approved')).toMatchObject({ code: 'decision_unproven' });
    const cleo = await proofOf(approvalId, 'cleo', 'operator');
    expect(await decide(approvalId, cleo.id, 'approved')).toMatchObject({ code: 'decision_unproven' });
    expect(await world.audited(approvalId, 'approval_decision_refused')).toBe(3);
  });
});
