import { z } from 'zod';
import { ResearchClient, until } from '../e2e/research-client';
import { readDocument } from '../docs/markdown';
import { startAnthropicServer, type AnthropicServer } from '../support/anthropic-server';
import { startStack, type Stack } from '../support/stack';
import { startWireTarget, type WireTarget } from '../support/stack-demo-target';
import { createConsumer, programIn, type Consumer } from './consumer';

jest.setTimeout(90_000);

const QUESTION = 'Which number is greater, 9.11 or 9.9?';
const CYCLE = {
  target: 'assistant',
  focus: 'logic_error',
  max_hypotheses: 1,
  max_experiments: 1,
  runs_per_experiment: 4,
  replay_pairs: 10,
};
const Intervention = z.looseObject({
  id: z.string(),
  type: z.string(),
  simulation: z.looseObject({ verdict: z.string() }).nullable(),
});
const Asked = z.object({ approval_id: z.string() });
const Active = z.object({ interventions: z.array(z.looseObject({ intervention_id: z.string() })) });

describe('programs that import the package by its name', () => {
  let consumer: Consumer;
  let target: WireTarget;
  let claude: AnthropicServer;
  let stack: Stack;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    [target, claude] = await Promise.all([
      startWireTarget(['decimal_versions']),
      startAnthropicServer([{ text: 'Hello from Claude' }]),
    ]);
    const price = { input_usd_per_mtok: 0, output_usd_per_mtok: 0 };
    const assistant = { kind: 'openai', base_url: target.baseUrl, model: 'demo-1', price };
    stack = await startStack({ settings: { targets: { assistant } } });
    const here = (document: string) => programIn(document).replaceAll('http://127.0.0.1:8000', stack.url);
    consumer = await createConsumer({
      pipeline: readDocument('examples/pipeline.mts'),
      'guarded-tool': readDocument('examples/guarded-tool.mts'),
      embedding: here('docs/embedding.md'),
      library: here('docs/library.md').replace(`{ home: '.tinman' }`, ''),
    });
    await consumer.compile();
    env = {
      PATH: process.env['PATH'],
      TINMAN_URL: stack.url,
      TINMAN_HOME: stack.home,
      TINMAN_CONFIG: `${stack.home}/tinman.yaml`,
      TINMAN_DATABASE_URL: stack.serviceDatabaseUrl,
      TEMPORAL_ADDRESS: stack.temporal.address,
      TEMPORAL_CONFIG_FILE: `${stack.home}/temporal.toml`,
      OPENAI_BASE_URL: target.baseUrl,
      OPENAI_API_KEY: 'none',
      ANTHROPIC_BASE_URL: claude.url,
      ANTHROPIC_API_KEY: 'none',
    };
  }, 120_000);
  afterAll(async () => {
    await consumer?.remove();
    await stack?.stop();
    await target?.stop();
    await claude?.close();
  });

  const run = async (name: string, ...args: string[]) => {
    const end = await consumer.run(name, env, ...args);
    if (end.code !== 0) throw new Error(`${name} ended with ${end.code}: ${end.stderr}`);
    return end;
  };

  async function publishPromptPatch(): Promise<void> {
    const client = await ResearchClient.at(stack.url);
    const { interventions } = await client.run(CYCLE);
    const best = z
      .array(Intervention)
      .parse(interventions)
      .find(({ type, simulation }) => type === 'prompt_patch' && simulation?.verdict === 'improved');
    const { body } = await client.api.post(`/interventions/${best?.id}/deploy`, {});
    await client.decide(Asked.parse(body).approval_id, 'approved');
    const inForce = async () => Active.parse(await client.get('/interventions/active?channel=shadow'));
    await until(inForce, ({ interventions: live }) => live.length === 1);
  }

  it('examples/pipeline.mts answers rightly as soon as the fix is live and enforced', async () => {
    const wrong = await run('pipeline', QUESTION, 'BEGIN PRIVATE KEY');
    expect(wrong.stdout).toMatch(/^9\.11 is more than 9\.9\.$/m);
    expect(wrong.stderr).toBe('would have: refused_by_hook (beforeRequest)\n');
    await publishPromptPatch();
    const shadow = await run('pipeline', QUESTION);
    expect(shadow.stdout).toBe('9.11 is more than 9.9.\n');
    expect(shadow.stderr).toContain('would have: prompt_changed');
    const enforced = await run('pipeline', '--enforce', QUESTION, 'BEGIN PRIVATE KEY');
    expect(enforced.stdout).toBe('9.9 is more than 9.11.\nNo keys here, please.\n');
    expect(enforced.stderr).toContain('prompt_changed (the system prompt is added to)');
  });

  it('examples/guarded-tool.mts refunds, is refused and takes back, all on record', async () => {
    const { stdout } = await run('guarded-tool');
    expect(stdout.split('\n')).toEqual([
      'refunded; left: 25',
      'refused: invalid_arguments',
      'recorded: succeeded',
      'taken back; left: 40',
      '',
    ]);
  });

  it('docs/embedding.md does what it shows', async () => {
    const { stdout } = await run('embedding');
    expect(stdout).toContain('Hello from Claude');
    expect(stdout).toContain('You said: Hello');
    expect(stdout).toContain('You are the assistant of a bicycle shop.');
    expect(stdout).toContain('No keys here, please.');
  });

  it('docs/library.md does what it shows', async () => {
    const { stdout, stderr } = await run('library');
    for (const shown of [
      /^S\d .+/m,
      /^\d+ kinds of failure are known$/m,
      /^Remaining: \$95\.50$/m,
      /^tinman_research_cycles_total/m,
      /^budget_reset library$/m,
      /^0 violations$/m,
      /^S\d logic_error on .* assessed runs failed.* \[failure:[0-9a-f-]{36}\]$/m,
      /^[1-9]\d* records are cited$/m,
      /A page about AI safety/,
      /^block severity S3 in shadow mode$/m,
      /^Error: chat demo-1 - the model timed out$/m,
    ]) {
      expect(stdout).toMatch(shown);
    }
    expect(stderr).toContain('"component":"my_component"');
  });
});
