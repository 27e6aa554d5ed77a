import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError, guardedCall, type Tinman } from '../../src';
import { openTinman } from '../../src/library/tinman';
import { createLogger } from '../../src/observability/logger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { startDevServer, type TemporalHarness } from '../support/temporal';

jest.setTimeout(60_000);

describe('tools of a program', () => {
  let temporal: TemporalHarness;
  let database: TestDatabase;
  let home: string;
  let tinman: Tinman;
  beforeAll(async () => {
    [temporal, database, home] = await Promise.all([
      startDevServer(),
      createTestDatabase(),
      mkdtemp(join(tmpdir(), 'tinman-library-tools-')),
    ]);
    tinman = await openTinman({
      home,
      env: { TINMAN_DATABASE_URL: database.serviceUrl, TEMPORAL_ADDRESS: temporal.env.address },
      logger: createLogger({ level: 'error', pretty: false }),
    });
  }, 120_000);
  afterAll(async () => {
    await tinman?.close();
    await temporal?.stop();
    await database?.drop();
    await rm(home, { recursive: true, force: true });
  });

  const setMode = async (mode: string) => {
    const { Client } = await import('pg');
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query('UPDATE mode_state SET mode = $1, version = version + 1', [mode]);
    await client.end();
  };
  const executions = async (name: string) =>
    (await tinman.records.list('tool_executions', { filters: { tool_name: name } })).items;
  const refusalOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('do what the guide shows: registered once, called behind the gate, recorded', async () => {
    const asked: unknown[] = [];
    const search = tinman.tools.register(
      {
        name: 'search',
        riskLevel: 'low',
        parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
      },
      ({ query }) => {
        asked.push(query);
        return Promise.resolve([`about ${JSON.stringify(query)}`]);
      },
    );
    const result = await guardedCall(tinman, search, {
      actionType: 'TOOL_CALL',
      description: 'Search for relevant documents',
      arguments: { query: 'AI safety' },
    });
    expect(result).toEqual(['about "AI safety"']);
    expect(asked).toEqual(['AI safety']);
    expect(await executions('search')).toMatchObject([
      { status: 'succeeded', description: 'Search for relevant documents', requested_by: 'library' },
    ]);
    await expect(tinman.guardedCall(search, { arguments: { query: 5 } })).rejects.toMatchObject({
      code: 'invalid_arguments',
    });
    expect(() =>
      tinman.tools.register({ name: 'search', riskLevel: 'low' }, () => Promise.resolve(1)),
    ).toThrow(DomainError);
    expect(() =>
      tinman.tools.register({ name: 'http_get', riskLevel: 'low' }, () => Promise.resolve(1)),
    ).toThrow(/already/);
  });

  it('tell how they failed', async () => {
    tinman.tools.register({ name: 'breaks', riskLevel: 'low' }, () => Promise.reject(new Error('no disk')));
    tinman.tools.register(
      { name: 'hangs', riskLevel: 'low', timeoutMs: 200 },
      () => new Promise(() => undefined),
    );
    tinman.tools.register({ name: 'floods', riskLevel: 'low' }, () => Promise.resolve('x'.repeat(300_000)));
    expect(await refusalOf(tinman.guardedCall('breaks'))).toMatchObject({
      code: 'tool_failed',
      message: 'breaks: no disk',
    });
    expect(await refusalOf(tinman.guardedCall('hangs'))).toMatchObject({
      message: 'hangs: it took longer than 200 ms: it may have been done, or not',
    });
    expect(await refusalOf(tinman.guardedCall('floods'))).toMatchObject({ code: 'tool_failed' });
  });

  it('are taken back where they were called, and again after that failed', async () => {
    const undone: unknown[] = [];
    tinman.tools.register(
      {
        name: 'label',
        riskLevel: 'low',
        rollback: (args, result) => {
          undone.push([args, result]);
          return undone.length === 1 ? Promise.reject(new Error('no network')) : Promise.resolve('gone');
        },
      },
      () => Promise.resolve('made'),
    );
    await tinman.guardedCall('label', { arguments: { name: 'x' } });
    const id = z.string().parse((await executions('label'))[0]?.['id']);
    await expect(tinman.tools.rollback(id)).rejects.toThrow('label: no network');
    expect(await tinman.tools.rollback(id)).toBe('gone');
    expect(undone).toEqual([
      [{ name: 'x' }, 'made'],
      [{ name: 'x' }, 'made'],
    ]);
    expect(await executions('label')).toMatchObject([
      { status: 'succeeded', rollback_of: id },
      { status: 'failed', rollback_of: id },
      { id, status: 'rolled_back' },
    ]);
    await expect(tinman.tools.rollback(id)).rejects.toMatchObject({ code: 'state_conflict' });
  });

  it('that destroy are blocked outside lab, and a person decides what is of medium risk', async () => {
    let done = 0;
    const act = () => {
      done += 1;
      return Promise.resolve(done);
    };
    tinman.tools.register({ name: 'wipe', riskLevel: 'destructive' }, act);
    tinman.tools.register({ name: 'change', riskLevel: 'medium' }, act);
    await setMode('shadow');
    expect(await refusalOf(tinman.guardedCall('wipe'))).toMatchObject({ code: 'action_blocked' });
    expect(done).toBe(0);
    const changing = tinman.guardedCall('change', { description: 'as agreed' });
    let pending = await tinman.approvals.pending();
    while (pending.length === 0) pending = await tinman.approvals.pending();
    expect(done).toBe(0);
    await tinman.approvals.decide(pending[0]?.id ?? '', { decision: 'approved', decidedBy: 'ana' });
    expect(await changing).toBe(1);
    expect(await executions('wipe')).toMatchObject([{ status: 'refused' }]);
    await setMode('lab');
  });
});
