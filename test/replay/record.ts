import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { startAnthropicServer, type AnthropicServer } from '../support/anthropic-server';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { startDevServer } from '../support/temporal';
import { ResearchClient, until } from '../e2e/research-client';
import { goodAnswer } from '../e2e/scripted-claude';
import { standIns, step } from '../workflows/stand-in-activities';
import { researchCycle } from '../../workflows';
import { recordHistory } from './history';

// Records the histories that replay.test.ts replays, after a change of the workflows that is meant to break them:
//   npm test -- --testMatch '**/test/replay/record.ts'
jest.setTimeout(60_000);

const SMALL = { max_hypotheses: 1, max_experiments: 1, runs_per_experiment: 2, replay_pairs: 5 };
const PRICE = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
const LIVE = { kind: 'openai', model: 'any', price: PRICE };

/** A target whose answers wait until they are released. */
class HeldTarget {
  private release: () => void = () => undefined;
  private held: Promise<void> = Promise.resolve();

  private constructor(readonly server: OpenAiServer) {}

  static async start(): Promise<HeldTarget> {
    const target: HeldTarget = new HeldTarget(
      await startOpenAiServer(async () => {
        await target.held;
        return { content: 'I do not know.' };
      }),
    );
    return target;
  }

  hold(): void {
    this.held = new Promise((resolve) => (this.release = resolve));
  }

  letGo(): void {
    this.release();
  }

  /** Once it has been asked once more. */
  async asked(start: () => Promise<string>): Promise<string> {
    const before = this.server.calls;
    const id = await start();
    await until(
      () => Promise.resolve(this.server.calls),
      (calls) => calls > before,
    );
    return id;
  }
}

async function ended(stack: Stack, workflowId: string): Promise<void> {
  await (await stack.client()).workflow.getHandle(workflowId).result();
}

describe('recording', () => {
  let target: HeldTarget;
  let lab: Stack;
  let client: ResearchClient;
  const keep = async (name: string, from: Stack, id: string, of = client) => {
    const { workflow_id: workflowId } = await of.cycle(id);
    await recordHistory(name, { address: from.temporal.address, workflowId });
  };

  beforeAll(async () => {
    target = await HeldTarget.start();
    lab = await startStack({ settings: { targets: { live: { ...LIVE, base_url: target.server.url } } } });
    client = await ResearchClient.at(lab.url);
  }, 120_000);
  afterAll(async () => {
    await lab.stop();
    await target.server.close();
  });

  it('completed', async () => {
    const { id } = await client.run({ ...SMALL, max_hypotheses: 2, target: 'demo' });
    await keep('completed', lab, id);
  });

  it('scheduled', async () => {
    const cycle = { ...SMALL, target: 'demo' };
    await client.api.post('/schedules', { id: 'recorded', every_seconds: 86_400, paused: true, cycle });
    await client.api.post('/schedules/recorded/trigger', {});
    const schedule = (await lab.client()).schedule.getHandle('tinman-recorded');
    const [started] = await until(
      async () => (await schedule.describe()).info.recentActions,
      (actions) => actions.length > 0,
    );
    const workflowId = started?.action.workflow.workflowId ?? '';
    await ended(lab, workflowId);
    await recordHistory('scheduled', { address: lab.temporal.address, workflowId });
  });

  it('budget-exhausted', async () => {
    const { id } = await client.run({ ...SMALL, target: 'live', budget_usd: 0.000_001 });
    await keep('budget-exhausted', lab, id);
  });

  it('cancelled', async () => {
    target.hold();
    const id = await target.asked(() => client.start({ ...SMALL, max_hypotheses: 2, target: 'live' }));
    await client.api.post(`/research/cycles/${id}/cancel`, {});
    await client.ended(id);
    target.letGo();
    await keep('cancelled', lab, id);
  });

  it('paused', async () => {
    target.hold();
    const id = await target.asked(() => client.start({ ...SMALL, max_hypotheses: 2, target: 'live' }));
    await client.api.post(`/research/cycles/${id}/pause`, {});
    await until(
      () => client.cycle(id),
      ({ progress }) => progress.paused,
    );
    target.letGo();
    await until(
      () => client.cycle(id),
      ({ progress }) => progress.experiments_done === progress.experiments_total,
    );
    await client.api.post(`/research/cycles/${id}/resume`, {});
    await client.ended(id);
    await keep('paused', lab, id);
  });

  it('approvals, and cancelled-waiting', async () => {
    const timeouts = { S0: 5, S1: 5 };
    const shadow = await startStack({
      mode: 'shadow',
      temporal: lab.temporal,
      settings: { targets: { live: { ...LIVE, base_url: target.server.url } }, approval: { timeouts } },
    });
    try {
      const people = await ResearchClient.at(shadow.url);
      const start = async () => {
        const id = await people.start({ ...SMALL, max_hypotheses: 3, target: 'live' });
        const { workflow_id: workflowId } = await people.cycle(id);
        return { id, workflowId, pending: await people.pending(workflowId, 3) };
      };
      const { id, workflowId, pending } = await start();
      const [first, second] = pending;
      await people.decide(first?.id ?? '', 'approved');
      const handle = (await shadow.client()).workflow.getHandle(workflowId);
      await handle.signal('decideApproval', {
        approval_id: second?.id,
        decision: 'rejected',
        decided_by: 'ben',
      });
      await people.ended(id);
      await keep('approvals', shadow, id, people);

      const waiting = await start();
      await people.api.post(`/research/cycles/${waiting.id}/cancel`, {});
      await people.ended(waiting.id);
      await keep('cancelled-waiting', shadow, waiting.id, people);
    } finally {
      await shadow.stop();
    }
  }, 120_000);

  it('mode transitions, a tool that is approved, and a deployment that is not', async () => {
    const stack = await startStack({
      temporal: lab.temporal,
      settings: { tools: { sql_query: { url_env: 'TINMAN_DATABASE_URL' } } },
    });
    const id = z.looseObject({ approval_id: z.string(), workflow_id: z.string().optional() });
    try {
      const people = await ResearchClient.at(stack.url);
      const address = stack.temporal.address;
      const { failures } = await people.run({ ...SMALL, focus: 'logic_error', replay_pairs: 20 });
      const transition = (to: string) => people.api.post('/mode/transition', { target_mode: to });
      await transition('shadow');
      await recordHistory('mode-changed', { address, workflowId: 'mode-transition' });
      for (const { id: failure } of failures) {
        await people.api.post(`/failures/${failure}/resolve`, { evidence: 'for the record' });
      }
      await transition('production');
      await stack.cli('mode', 'rollback');
      await recordHistory('mode-superseded', { address, workflowId: 'mode-transition' });

      const called = await people.api.post('/tools/sql_query/execute', { arguments: { sql: 'SELECT 1' } });
      const tool = id.parse(called.body);
      await people.decide(tool.approval_id, 'approved');
      await ended(stack, tool.workflow_id ?? '');
      await recordHistory('tool-approved', { address, workflowId: tool.workflow_id ?? '' });

      const [improved] = await stack.query<{ id: string }>(
        `SELECT intervention_id AS id FROM simulations WHERE verdict = 'improved' LIMIT 1`,
      );
      const asked = id.parse((await people.api.post(`/interventions/${improved?.id}/deploy`, {})).body);
      await people.decide(asked.approval_id, 'rejected');
      await ended(stack, asked.workflow_id ?? '');
      await recordHistory('deployment-rejected', { address, workflowId: asked.workflow_id ?? '' });
    } finally {
      await stack.stop();
    }
  }, 120_000);

  it('model-researcher', async () => {
    const provider: AnthropicServer = await startAnthropicServer((question) => goodAnswer(question));
    const stack = await startStack({
      temporal: lab.temporal,
      env: {
        TINMAN_RESEARCHER: 'anthropic',
        ANTHROPIC_API_KEY: 'none',
        ANTHROPIC_BASE_URL: provider.url,
        ANTHROPIC_MODEL: 'claude-sonnet-5-5',
      },
      settings: { targets: { shop: { kind: 'demo', faults: ['decimal_versions'] } } },
    });
    try {
      const thinker = await ResearchClient.at(stack.url);
      const { id } = await thinker.run({ ...SMALL, target: 'shop' });
      await keep('model-researcher', stack, id, thinker);
    } finally {
      await stack.stop();
      await provider.close();
    }
  }, 120_000);

  // No cycle of this size fills a history: the server is told to suggest a new run early, and the activities are stand-ins.
  it('continued', async () => {
    const early = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=10'];
    const temporal = await startDevServer(early);
    try {
      const batches = [['e1', 'e2'], ['e3']];
      const { activities } = standIns({
        designExperiments: () => {
          const steps = (batches.shift() ?? []).map(step);
          return Promise.resolve({ budgetExhausted: false, total: 3, steps, more: batches.length > 0 });
        },
      });
      const workflowId = `cycle-demo-${randomUUID()}`;
      const request = {
        ...{ focus: null, target: 'demo', maxHypotheses: 2, maxExperiments: 2 },
        ...{ runsPerExperiment: 1, replayPairs: 5, budgetMicroUsd: null },
      };
      await temporal.withActivities(activities, async () => {
        const handle = await temporal.env.client.workflow.start(researchCycle, {
          workflowId,
          taskQueue: temporal.taskQueue,
          args: [{ cycleId: randomUUID(), request, requestedBy: 'record', requestHash: 'hash' }],
        });
        await handle.result();
        const run = { address: temporal.env.address, workflowId };
        await recordHistory('continued-1', { ...run, runId: handle.firstExecutionRunId });
        await recordHistory('continued-2', run);
      });
    } finally {
      await temporal.stop();
    }
  });
});
