import { auditLogger } from '../../src/library/audit-logger';
import { createAuditLog } from '../../src/persistence/audit-log';
import { AuditLogBench, event } from '../persistence/audit-log';

describe('AuditLogger', () => {
  let bench: AuditLogBench;
  beforeAll(async () => {
    bench = await AuditLogBench.open();
    await bench.appendOneByOne([
      event('a'),
      { ...event('b'), eventType: 'approval_decision', details: { decision: 'approved' } },
      { ...event('c'), eventType: 'mode_transition', actor: 'bob' },
    ]);
    await bench.sealer().seal();
  }, 30_000);
  afterAll(() => bench.close());

  const audit = () => auditLogger(createAuditLog(bench.service));
  const keysOf = async (query: Parameters<ReturnType<typeof audit>['query']>[0]) =>
    (await audit().query(query)).map(({ eventType }) => eventType);

  it('finds what was done, newest first', async () => {
    const since = new Date(Date.now() - 24 * 3_600_000);
    const found = await audit().query({ eventTypes: ['approval_decision', 'mode_transition'], since });
    expect(found).toMatchObject([
      { eventType: 'mode_transition', actor: 'bob', seq: 3 },
      { eventType: 'approval_decision', actor: 'ana', details: { decision: 'approved' }, seq: 2 },
    ]);
    expect(found[0]?.createdAt).toBeInstanceOf(Date);
  });

  it('takes every part of a query, or none', async () => {
    expect(await keysOf(undefined)).toEqual(['mode_transition', 'approval_decision', 'cycle_opened']);
    expect(await keysOf({ limit: 1 })).toEqual(['mode_transition']);
    expect(await keysOf({ actor: 'bob' })).toEqual(['mode_transition']);
    expect(await keysOf({ until: new Date(0) })).toEqual([]);
    expect(await keysOf({ eventTypes: [] })).toEqual([]);
  });

  it('refuses a limit that is none', async () => {
    for (const limit of [0, 1.5, 10_001, NaN]) await expect(keysOf({ limit })).rejects.toThrow(RangeError);
  });

  it('refuses a type of event that there is not', async () => {
    // @ts-expect-error as from JavaScript
    await expect(keysOf({ eventTypes: ['approval'] })).rejects.toThrow(/no event type approval; there are/);
  });
});
