import { createServer } from 'node:net';
import { once } from 'node:events';
import type { Fault } from '../support/protocol-server';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, type Result, type Run } from './research-client';

jest.setTimeout(60_000);

const REQUEST = { max_hypotheses: 1, max_experiments: 1, runs_per_experiment: 2, replay_pairs: 5 };
const RETRY_AFTER_MS = 1_500;

/** Never a usable answer: what each run is recorded with. */
const NEVER: Readonly<
  Record<string, { fault: Fault; reason: string; detail: RegExp; calls: number; billed: boolean }>
> = {
  hangs: { fault: { fault: 'hang' }, reason: 'timeout', detail: /no answer in time/, calls: 4, billed: true },
  stalls: {
    fault: { fault: 'stall' },
    reason: 'timeout',
    detail: /no answer in time/,
    calls: 4,
    billed: true,
  },
  limits: {
    fault: { fault: 'status', status: 429, retryAfter: '0' },
    reason: 'target_error',
    detail: /429/,
    calls: 4,
    billed: false,
  },
  breaks: {
    fault: { fault: 'status', status: 500 },
    reason: 'target_error',
    detail: /500/,
    calls: 4,
    billed: false,
  },
  refuses: {
    fault: { fault: 'status', status: 401 },
    reason: 'target_error',
    detail: /401/,
    calls: 1,
    billed: false,
  },
  babbles: { fault: { fault: 'garbage' }, reason: 'target_error', detail: /JSON/, calls: 4, billed: true },
  empties: {
    fault: { fault: 'raw', body: '{}' },
    reason: 'target_error',
    detail: /./,
    calls: 4,
    billed: true,
  },
};

describe('a target that misbehaves', () => {
  const servers = new Map<string, OpenAiServer>();
  let recovering: OpenAiServer;
  const askedAt: number[] = [];
  let stack: Stack;
  let client: ResearchClient;
  /** Of all targets at the same time: most of it is waiting. */
  let results: ReadonlyMap<string, Result>;

  beforeAll(async () => {
    for (const [name, { fault }] of Object.entries(NEVER))
      servers.set(name, await startOpenAiServer([fault]));
    recovering = await startOpenAiServer((_request, call) => {
      askedAt.push(Date.now());
      return call < 2
        ? { fault: 'status', status: 429, retryAfter: String(RETRY_AFTER_MS / 1_000) }
        : { content: 'I do not know.' };
    });
    const live = (url: string) => ({
      kind: 'openai',
      model: 'any',
      base_url: url,
      timeout_seconds: 0.3,
      price: { input_usd_per_mtok: 1, output_usd_per_mtok: 2 },
    });
    const targets = [...servers].map(([name, { url }]) => [name, live(url)] as const);
    stack = await startStack({
      settings: {
        targets: {
          ...Object.fromEntries(targets),
          recovers: live(recovering.url),
          absent: live(`http://127.0.0.1:${await closedPort()}/v1`),
        },
      },
    });
    client = await ResearchClient.at(stack.url);
    const names = [...servers.keys(), 'recovers', 'absent'];
    const cycles = names.map(async (target) => [target, await client.run({ ...REQUEST, target })] as const);
    results = new Map(await Promise.all(cycles));
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await Promise.all([...servers.values(), recovering].map((server) => server.close()));
  });

  const resultOf = (target: string): Result => {
    const result = results.get(target);
    if (result === undefined) throw new Error(`no cycle on ${target}`);
    return result;
  };
  const runsOf = async ({ experiments }: Result): Promise<readonly Run[]> =>
    (await client.experiment(experiments[0]?.id ?? '')).runs;

  /** The cycle ends well, with rates over nothing and no failure made up. */
  function expectNothingFound(result: Result): void {
    expect(result).toMatchObject({ state: 'completed', success: true, error: null });
    expect(result).toMatchObject({ failures_count: 0, failures: [], interventions_count: 0 });
    expect(result.experiments).toHaveLength(1);
    expect(result.experiments[0]).toMatchObject({
      state: 'done',
      outcomes: { failed: 0, held: 0, unassessed: 2 },
      failure_rate: { value: null, n: 0, count: 0, low: null, high: null },
    });
  }

  it.each(Object.entries(NEVER))(
    'that %s has runs that say so',
    async (name, { reason, detail, calls, billed }) => {
      const result = resultOf(name);
      expectNothingFound(result);
      for (const run of await runsOf(result)) {
        expect(run).toMatchObject({ outcome: 'unassessed', reason, evidence: [] });
        expect(run.detail).toMatch(detail);
      }
      expect(servers.get(name)?.calls).toBe(2 * calls);
      const states = await stack.query<{ state: string }>(
        'SELECT DISTINCT state FROM cost_ledger WHERE cycle_id = $1',
        [result.id],
      );
      expect(states).toEqual([{ state: billed ? 'unknown' : 'released' }]);
      const { progress } = await client.cycle(result.id);
      expect(progress.spent_usd > 0).toBe(billed);
      expect(progress.held_usd).toBe(0);
    },
  );

  it('that is not there has runs that say so', async () => {
    const result = resultOf('absent');
    expectNothingFound(result);
    for (const run of await runsOf(result)) {
      expect(run).toMatchObject({ outcome: 'unassessed', reason: 'target_error' });
      expect(run.detail).toMatch(/ECONNREFUSED|Connection error/);
    }
  });

  it('that asks to be called later is called later, and the run counts', async () => {
    const result = resultOf('recovers');
    expect(result.experiments[0]?.outcomes).toMatchObject({ unassessed: 0 });
    for (const { transcript } of await runsOf(result)) expect(transcript.calls.length).toBeGreaterThan(0);
    const [first = 0, _second, third = 0] = askedAt;
    expect(third - first).toBeGreaterThanOrEqual(RETRY_AFTER_MS);
  });
});

/** A port where nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
