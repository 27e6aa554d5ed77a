import { z } from 'zod';
import { createAuditLog } from '../../src/persistence/audit-log';
import { AuditLogBench, event } from '../persistence/audit-log';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

const Page = z.object({
  items: z.array(z.looseObject({ subject_id: z.string(), created_at: z.string() })),
  next_cursor: z.string().nullable(),
});
type Page = z.infer<typeof Page>;

describe('/audit', () => {
  let bench: AuditLogBench;
  let api: ApiClient;
  beforeAll(async () => {
    bench = await AuditLogBench.open();
    await bench.appendOneByOne([
      { ...event('a'), subjectId: 'a' },
      {
        ...event('b'),
        subjectId: 'b',
        eventType: 'approval_decision',
        actor: 'bob',
        details: { decision: 'approved' },
      },
      { ...event('c'), subjectId: 'c', eventType: 'mode_transition', actor: 'bob' },
      { ...event('d'), subjectId: 'd', eventType: 'approval_decision' },
    ]);
    await bench.sealer().seal();
    await bench.appendOneByOne([{ ...event('e'), subjectId: 'e' }]);
    const world = new FakeWorld();
    world.audit = createAuditLog(bench.service);
    api = await ApiClient.start(world);
  }, 30_000);
  afterAll(async () => {
    await api.close();
    await bench.close();
  });

  const page = async (query: string): Promise<Page> => {
    const { status, body } = await api.get(`/audit${query}`);
    expect(status).toBe(200);
    return Page.parse(body);
  };
  const subjects = async (query: string): Promise<string> =>
    (await page(query)).items.map(({ subject_id }) => subject_id).join('');

  it('shows what was done, by whom and when, newest first, and what is sealed', async () => {
    const { items } = await page('');
    expect(items).toMatchObject([{ seq: null }, { seq: 4 }, { seq: 3 }, { seq: 2 }, { seq: 1 }]);
    expect(items[3]).toEqual({
      id: expect.any(String) as unknown,
      event_type: 'approval_decision',
      actor: 'bob',
      subject_type: 'cycle',
      subject_id: 'b',
      details: { decision: 'approved' },
      created_at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      seq: 2,
    });
  });

  it.each([
    ['?event_types=approval_decision,mode_transition', 'dcb'],
    ['?event_types=approval_decision&event_types=mode_transition', 'dcb'],
    ['?event_types=mode_transition', 'c'],
    ['?actor=bob', 'cb'],
    ['?actor=bob&event_types=approval_decision', 'b'],
    ['?subject_id=a', 'a'],
    ['?subject_id=nobody', ''],
    ['?limit=2', 'ed'],
    ['?since=2001-01-01T00:00:00%2B02:00&until=2002-01-01T00:00:00Z', ''],
    ['?until=2999-01-01T00:00:00Z', 'edcba'],
  ])('answers %s', async (query, expected) => {
    expect(await subjects(query)).toBe(expected);
  });

  it('includes the time it is asked from and excludes the one it is asked until', async () => {
    const { items } = await page('');
    const [since, until] = [items[3]?.created_at, items[1]?.created_at];
    expect(await subjects(`?since=${since}&until=${until}`)).toBe('cb');
  });

  it('goes on where a page ended, whatever was written meanwhile', async () => {
    const first = await page('?limit=2');
    const second = await page(`?limit=2&cursor=${first.next_cursor}`);
    const third = await page(`?limit=2&cursor=${second.next_cursor}`);
    expect(
      [first, second, third].map(({ items }) => items.map(({ subject_id }) => subject_id).join('')),
    ).toEqual(['ed', 'cb', 'a']);
    expect(third.next_cursor).toBeNull();
  });

  it.each([
    '?event_types=approval',
    '?event_types=',
    '?event_type=mode_transition',
    '?since=yesterday',
    '?limit=0',
    '?limit=1001',
    '?actor=%00',
  ])('refuses %s', async (query) => {
    expect(problemIn(await api.get(`/audit${query}`))).toMatchObject({ status: 422 });
  });

  it('refuses a cursor of another list', async () => {
    expect(problemIn(await api.get('/audit?cursor=abc'))).toMatchObject({ code: 'invalid_cursor' });
  });
});
