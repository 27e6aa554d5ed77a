import { z } from 'zod';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { problemIn } from '../api/api-client';
import { ResearchClient, SMALL, until } from './research-client';

jest.setTimeout(90_000);

const PRICE = { input_usd_per_mtok: 1_000, output_usd_per_mtok: 1_000 };

const Run = z.object({
  cycle_id: z.string().nullable(),
  cycle_state: z.string().nullable(),
  skip_reason: z.string().nullable(),
});
const Schedule = z.looseObject({
  paused: z.boolean(),
  next_times: z.array(z.string()),
  remaining_usd: z.number().nullable(),
  skipped_overlap: z.number(),
  runs: z.array(Run),
});
type Schedule = z.infer<typeof Schedule>;

describe('schedules', () => {
  let target: OpenAiServer;
  let stack: Stack;
  let client: ResearchClient;
  /** Answers of the target wait until it resolves. */
  let held: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    target = await startOpenAiServer(async () => {
      await held;
      return { content: 'I do not know.' };
    });
    const live = { kind: 'openai', model: 'any', price: PRICE, base_url: target.url };
    stack = await startStack({ settings: { targets: { live, demo: { kind: 'demo' } } } });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await target?.close();
  });

  async function make(id: string, body: object): Promise<void> {
    const made = await client.api.post('/schedules', { id, every_seconds: 1, ...body });
    expect(made).toMatchObject({ status: 201 });
  }
  const shown = async (id: string): Promise<Schedule> => Schedule.parse(await client.get(`/schedules/${id}`));
  const once = (id: string, wanted: (seen: Schedule) => boolean) => until(() => shown(id), wanted);
  const end = async (id: string): Promise<void> => {
    expect((await client.api.call('DELETE', `/schedules/${id}`, {})).status).toBe(204);
  };
  const audited = async (id: string): Promise<readonly string[]> => {
    const rows = await stack.query<{ event_type: string }>(
      `SELECT event_type FROM audit_logs WHERE subject_type = 'schedule' AND subject_id = $1 ORDER BY created_at`,
      [id],
    );
    return rows.map((row) => row.event_type);
  };

  it('start cycles like any other, each with an id of its own, until they are paused', async () => {
    await make('often', { cycle: { ...SMALL, target: 'demo' } });
    const ended = ({ cycle_state: state }: z.infer<typeof Run>) => state === 'completed';
    const { runs } = await once('often', (seen) => seen.runs.filter(ended).length >= 2);
    const ids = runs.flatMap(({ cycle_id: id }) => id ?? []);
    expect(new Set(ids).size).toBe(runs.length);
    const cycle = await client.cycle(ids.at(-1) ?? '');
    expect(cycle).toMatchObject({
      state: 'completed',
      workflow_id: `cycle-demo-${cycle.id}`,
      result: { success: true },
    });
    expect(await client.api.post('/schedules/often/pause', { reason: 'enough' })).toMatchObject({
      body: { paused: true, note: 'paused by anonymous: enough' },
    });
    const often = (await stack.client()).schedule.getHandle('tinman-often');
    const taken = async (): Promise<number> => (await often.describe()).info.numActionsTaken;
    const idle = (seen: Schedule) => seen.runs.every(ended);
    // Nothing that began before the pause is still to come.
    const paused = await until(
      async () => ({ ...(await shown('often')), taken: await taken() }),
      (seen) => seen.runs.length === Math.min(seen.taken, 20) && idle(seen),
    );

    // It lets two of its times pass.
    await until(
      () => Promise.resolve(Date.now()),
      (now) => now > Date.parse(paused.next_times[1] ?? ''),
    );
    expect((await client.api.post('/schedules/often/trigger')).status).toBe(202);
    const triggered = await once(
      'often',
      (seen) => seen.runs[0]?.cycle_id !== paused.runs[0]?.cycle_id && idle(seen),
    );
    expect(triggered.runs.slice(1)).toEqual(paused.runs.slice(0, 19));
    await client.api.post('/schedules/often/resume');
    await end('often');
    expect(await client.list('/research/cycles')).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: cycle.id })]),
    );
    expect(await audited('often')).toEqual(
      ['created', 'paused', 'triggered', 'resumed', 'deleted'].map((what) => `schedule_${what}`),
    );
  });

  it('skip what overlaps, and a cycle of theirs can be cancelled', async () => {
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    await make('slow', { cycle: { ...SMALL, target: 'live' } });
    const { runs } = await once(
      'slow',
      (seen) => seen.skipped_overlap >= 2 && seen.runs[0]?.cycle_state === 'running',
    );
    expect(runs).toEqual([{ ...runs[0], cycle_state: 'running', skip_reason: null }]);
    await end('slow');
    const [run] = runs;
    await client.api.post(`/research/cycles/${run?.cycle_id}/cancel`);
    release();
    expect(await client.ended(run?.cycle_id ?? '')).toMatchObject({ state: 'cancelled' });
  });

  it('cancel the cycle before where they are told to', async () => {
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    await make('latest', { overlap: 'cancel_other', cycle: { ...SMALL, target: 'live' } });
    const { runs } = await once('latest', (seen) =>
      seen.runs.some(({ cycle_state: state }) => state === 'cancelled'),
    );
    await end('latest');
    release();
    expect(runs.at(-1)).toMatchObject({ cycle_state: 'cancelled' });
    for (const { cycle_id: id } of runs) await client.ended(id ?? '');
  });

  it('start nothing that their budget has no room for, and say so', async () => {
    held = Promise.resolve();
    const budget = { limit_usd: 10, period: 'daily' };
    await make('dear', { budget, cycle: { ...SMALL, target: 'live', budget_usd: 10 } });
    const { runs, remaining_usd: left } = await once('dear', (seen) => seen.runs.length >= 2);
    await end('dear');
    const [first, second] = runs.toReversed();
    expect(first).toMatchObject({ cycle_state: 'completed', skip_reason: null });
    expect(second).toEqual({
      cycle_id: null,
      cycle_state: null,
      skip_reason: `the budget schedule:dear has $${left} left, and the cycle may spend $10`,
    });
    const spent = await stack.query<{ left: string }>(
      `SELECT 10 - sum(settled_micro_usd) / 1e6::numeric AS left FROM cost_ledger WHERE cycle_id = $1`,
      [first?.cycle_id],
    );
    expect(spent.map((row) => Number(row.left))).toEqual([left]);
    expect(left).toBeLessThan(10);
    expect(await audited('dear')).toContain('schedule_skipped');
  });

  it('are refused where Temporal cannot read them', async () => {
    for (const timing of [{ cron: '99 * * * *' }, { cron: '@daily', timezone: 'Mars/Olympus' }]) {
      const answer = await client.api.post('/schedules', { id: 'bad', ...timing });
      expect(problemIn(answer)).toMatchObject({ status: 422, code: 'invalid_schedule' });
    }
    const typed = await stack.cli('schedule', 'create', 'bad', '--cron', 'every night');
    expect(typed.code).toBe(1);
    expect(typed.stderr).toContain('Temporal cannot read this schedule');
    expect((await client.api.get('/schedules/bad')).status).toBe(404);
    expect(await audited('bad')).toEqual([]);
    expect(await client.get('/schedules')).toEqual({ items: [] });
  });
});
