import { z } from 'zod';
import { startAnthropicServer, type AnthropicServer } from '../support/anthropic-server';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until } from './research-client';
import { goodAnswer } from './scripted-claude';

jest.setTimeout(120_000);

const RESEARCHER = 'claude-of-this-test';
const RESEARCHER_PRICE = { input_usd_per_mtok: 3, output_usd_per_mtok: 15 };
const RESEARCHER_USAGE = { input_tokens: 1_000, output_tokens: 100 };
const ANSWER_MICRO_USD = 1_000 * 3 + 100 * 15;
const TARGET_PRICE = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
const TARGET_USAGE = { prompt_tokens: 100, completion_tokens: 10 };
const REPLY_MICRO_USD = 100 * 1 + 10 * 2;
const MICRO = 1_000_000;

type Series = ReadonlyMap<string, number>;

/** A page of metrics as numbers by series, its labels in the order of the page. */
async function scraped(url: string): Promise<Series> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return new Map(
    page.split('\n').flatMap((line) => {
      const [, series = '', value = ''] = /^(tinman_\S+?(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      return series === '' ? [] : [[series, Number(value)]];
    }),
  );
}

/** The series of a family that differ, and by how much. */
function changes(before: Series, after: Series, family: string): Record<string, number> {
  const changed: Record<string, number> = {};
  for (const [series, value] of after) {
    const by = value - (before.get(series) ?? 0);
    if ((series === family || series.startsWith(`${family}{`)) && by !== 0)
      changed[series.slice(family.length)] = Math.round(by * MICRO) / MICRO;
  }
  return changed;
}

const NOTHING: Series = new Map();

/** One cycle whose model is overloaded once and whose worker is killed once; two approvals, a rejection, a tool. */
describe('the metrics of the seed after a retry, a kill and a rejection', () => {
  let provider: AnthropicServer;
  let target: OpenAiServer;
  let stack: Stack;
  let client: ResearchClient;
  let proposals = 0;
  let seen: Awaited<ReturnType<typeof scenario>>;

  beforeAll(async () => {
    provider = await startAnthropicServer((question) => {
      if (question.tools[0]?.name === 'propose_hypotheses') {
        proposals += 1;
        if (proposals === 1) return { fault: 'status', status: 529 };
        if (proposals === 2) return { fault: 'hang' };
      }
      return { ...goodAnswer(question), usage: RESEARCHER_USAGE };
    });
    target = await startOpenAiServer(({ messages }) => ({
      content: messages.at(-1)?.content?.includes('9.11') === true ? '9.11 is more than 9.9' : 'Twelve is.',
      usage: TARGET_USAGE,
    }));
    stack = await startStack({
      mode: 'shadow',
      env: {
        TINMAN_RESEARCHER: 'anthropic',
        ANTHROPIC_API_KEY: 'k',
        ANTHROPIC_BASE_URL: provider.url,
        ANTHROPIC_MODEL: RESEARCHER,
      },
      settings: {
        experiments: { follow_up_calls: 0 },
        cost: { prices: { [RESEARCHER]: RESEARCHER_PRICE } },
        targets: { live: { kind: 'openai', base_url: target.url, model: 'asked', price: TARGET_PRICE } },
        tools: { sql_query: { url_env: 'TINMAN_DATABASE_URL' } },
      },
    });
    client = await ResearchClient.at(stack.url);
    seen = await scenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.stop();
    await provider?.close();
    await target?.close();
  });

  async function decideNext(workflowId: string, decision: string): Promise<void> {
    const [approval] = await client.pending(workflowId, 1);
    await client.decide(approval?.id ?? '', decision);
  }

  async function scenario() {
    const before = await ofApi();
    const id = await client.start({ ...SMALL, target: 'live' });
    await until(
      () => Promise.resolve(proposals),
      (count) => count === 2,
    );
    const [hung] = await stack.query<{ micro_usd: number }>(
      `SELECT reserved_micro_usd::int AS micro_usd FROM cost_ledger WHERE cycle_id = $1 AND state = 'reserved'`,
      [id],
    );
    const killed = await ofWorker();
    await stack.workers[0]?.kill();
    await stack.workers[0]?.restart();

    const { workflow_id: workflowId } = await client.cycle(id);
    await client.pending(workflowId, 1);
    const waiting = await until(ofApi, (page) => page.get('tinman_pending_approvals') === 1);
    await decideNext(workflowId, 'approved');
    await until(
      () => client.pending(workflowId, 1),
      ([one]) => one?.action_type === 'RUN_SIMULATION',
    );
    await decideNext(workflowId, 'rejected');
    const { state, result } = await client.ended(id);
    const asked = await client.api.post('/tools/sql_query/execute?wait=0', {
      arguments: { sql: 'SELECT 1 AS n' },
    });
    const { workflow_id: toolWorkflowId } = z.looseObject({ workflow_id: z.string() }).parse(asked.body);
    await decideNext(toolWorkflowId, 'approved');
    // Scrapes within a second are one question to the database.
    const after = await until(
      ofApi,
      (page) => page.get('tinman_tool_executions_total{status="succeeded"}') === 1,
    );
    const hungMicroUsd = hung?.micro_usd ?? 0;
    return { before, killed, waiting, after, worker: await ofWorker(), hungMicroUsd, state, result };
  }

  const ofApi = () => scraped(stack.apis[0]?.metricsUrl ?? '');
  const ofWorker = () => scraped(stack.workerMetricsUrls[0] ?? '');

  it('count each effect once, on every process alike', () => {
    const { before, waiting, after, worker, hungMicroUsd, state, result } = seen;
    expect([state, result?.failures_count]).toEqual(['completed', 1]);
    const [failure] = result?.failures ?? [];
    const answered = provider.calls - 2;
    const expected: Record<string, Record<string, number>> = {
      tinman_research_cycles_total: { '{state="completed"}': 1 },
      tinman_failures_discovered_total: {
        [`{severity="${failure?.severity}",class="${failure?.failure_class}"}`]: 1,
      },
      tinman_approval_decisions_total: {
        '{decision="approved",tier="review"}': 2,
        '{decision="rejected",tier="review"}': 1,
      },
      tinman_cost_usd_total: {
        [`{source="researcher",model="${RESEARCHER}"}`]: (answered * ANSWER_MICRO_USD + hungMicroUsd) / MICRO,
        '{source="target",model="asked"}': (target.calls * REPLY_MICRO_USD) / MICRO,
      },
      tinman_tool_executions_total: { '{status="succeeded"}': 1 },
      tinman_pending_approvals: {},
      tinman_current_mode: {},
    };
    for (const [family, amounts] of Object.entries(expected)) {
      expect({ [family]: changes(before, after, family) }).toEqual({ [family]: amounts });
      expect({ [family]: changes(after, worker, family) }).toEqual({ [family]: {} });
    }
    expect(hungMicroUsd).toBeGreaterThan(ANSWER_MICRO_USD);
    expect(changes(before, waiting, 'tinman_pending_approvals')).toEqual({ '': 1 });
    expect(after.get('tinman_current_mode{mode="shadow"}')).toBe(1);
  });

  it('count calls of the model in the process that had their answers', () => {
    const { killed, worker } = seen;
    const answered = provider.calls - 2;
    const label = `{model="${RESEARCHER}"`;
    // The call that the kill cut short was never answered.
    expect(changes(NOTHING, killed, 'tinman_llm_requests_total')).toEqual({
      [`${label},status="error"}`]: 1,
    });
    expect(changes(NOTHING, worker, 'tinman_llm_requests_total')).toEqual({
      [`${label},status="answered"}`]: answered,
    });
    expect(killed.get(`tinman_llm_latency_seconds_count${label}}`)).toBe(1);
    expect(worker.get(`tinman_llm_latency_seconds_count${label}}`)).toBe(answered);
  });
});
