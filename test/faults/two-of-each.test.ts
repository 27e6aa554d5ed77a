import { createDemoTarget } from '../../src/targets/demo';
import { ResearchClient } from '../e2e/research-client';
import { sealedAuditLog } from '../support/audit-verification';
import { startStack, type Stack } from '../support/stack';
import { PRICE, startCountingTarget, type CountingTarget } from './counting-target';
import { wrongCalls, wrongMoney } from './cycle-check';
import { cycleFacts } from './cycle-facts';

jest.setTimeout(120_000);

const MAX_PARALLEL = 2;
const REQUEST = { max_hypotheses: 2, max_experiments: 1, runs_per_experiment: 5, replay_pairs: 6 };
const UNDISTURBED = 'target-0';
const OTHERS = ['target-1', 'target-2', 'target-3', 'target-4'];

describe('two workers and two APIs', () => {
  let target: CountingTarget;
  let stack: Stack;
  let clients: readonly ResearchClient[];
  beforeAll(async () => {
    target = await startCountingTarget(30);
    const { systemPrompt } = createDemoTarget().describe.configuration;
    const live = { kind: 'openai', base_url: target.baseUrl, price: PRICE, system_prompt: systemPrompt };
    stack = await startStack({
      apis: 2,
      workers: 2,
      settings: {
        experiments: { max_parallel: MAX_PARALLEL },
        targets: Object.fromEntries([UNDISTURBED, ...OTHERS].map((name) => [name, { ...live, model: name }])),
      },
    });
    clients = await Promise.all(stack.apis.map(({ url }) => ResearchClient.at(url)));
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await target?.close();
  });

  /** The processes that have worked at a cycle. */
  async function hands(workflowId: string): Promise<readonly string[]> {
    const { events } = await (await stack.client()).workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).flatMap((event) => {
      const started = event.workflowTaskStartedEventAttributes ?? event.activityTaskStartedEventAttributes;
      return started?.identity ?? [];
    });
  }

  it('share the work, and one of each killed changes nothing in the results', async () => {
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error('there are two');
    const reference = await first.run({ ...REQUEST, target: UNDISTURBED });
    target.takeAsCourse(UNDISTURBED);
    const facts = await cycleFacts(stack, reference.id);
    expect(facts.some((fact) => fact.startsWith('simulation'))).toBe(true);

    const ids = await Promise.all(
      OTHERS.map((name, index) => (index % 2 === 0 ? first : second).start({ ...REQUEST, target: name })),
    );
    await Promise.all(OTHERS.map((name) => target.reached(name, 1, 'answered')));
    await Promise.all([stack.workers[0]?.kill(), stack.apis[0]?.process.kill()]);

    const cycles = await Promise.all(ids.map((id) => second.ended(id, 90_000)));
    const busy = await Promise.all(
      [reference, ...cycles].map(({ workflow_id: workflowId }) => hands(workflowId)),
    );
    expect(new Set(busy.flat()).size).toBe(2);
    for (const [index, id] of ids.entries()) {
      expect(await cycleFacts(stack, id)).toEqual(facts);
      const cycle = { id, counted: target.counted(OTHERS[index] ?? ''), kills: 1 };
      expect(await wrongCalls(stack, cycle)).toEqual([]);
      expect(await wrongMoney(stack, cycle, MAX_PARALLEL)).toEqual([]);
    }
    expect(await sealedAuditLog(stack)).toMatchObject({ ok: true, unsealed: { count: 0 } });
  });
});
