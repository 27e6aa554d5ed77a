import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL } from './research-client';

jest.setTimeout(60_000);

const PRICE = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
const REQUEST = { ...SMALL, focus: 'contradiction_loop', target: 'live' };
/** Timers of the server are no more exact than a second: what is sent has long until the deadline. */
const SETTINGS = { timeouts: { S1: 5 }, reminder_at: 0, escalate_at: 0.1 };

describe('an action that needs a person', () => {
  let model: OpenAiServer;
  let stack: Stack;
  let client: ResearchClient;
  beforeAll(async () => {
    model = await startOpenAiServer([{ content: 'I do not know.' }]);
    const live = { kind: 'openai', base_url: model.url, model: 'any', price: PRICE };
    const modes = { production: { approval: { on_review: 'reject' } } };
    stack = await startStack({ mode: 'shadow', settings: { targets: { live }, approval: SETTINGS, modes } });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await model.close();
  });

  it('expires at the deadline of the configuration, after others were told, and the cycle goes on without it', async () => {
    const startedAt = Date.now();
    const cycleId = await client.start(REQUEST);
    const { workflow_id: workflowId } = await client.cycle(cycleId);
    const [approval] = await client.pending(workflowId, 1);
    expect(approval).toMatchObject({ timeout_seconds: 5 });
    expect(await client.ended(cycleId)).toMatchObject({ state: 'completed' });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(5_000);
    expect(await client.experimentsOf(cycleId)).toMatchObject([{ state: 'skipped', skip_reason: 'expired' }]);
    const late = await client.decide(approval?.id ?? '', 'approved');
    expect(late).toMatchObject({
      status: 409,
      body: { decision: { state: 'expired', via: 'deadline' } },
    });
    expect(await client.list('/approvals?state=expired')).toHaveLength(1);
    expect(await client.get(`/approvals/${approval?.id}`)).toMatchObject({
      state: 'expired',
      reminders: [{ kind: 'escalation' }],
      refused_decisions: [{ code: 'approval_already_decided', decided_by: 'ana', proven_by: null }],
      decision: { decision: 'expired', via: 'deadline', proven_by: null },
    });
  });

  it('is rejected at once where nobody is to be asked, and recorded as the answer of policy', async () => {
    await stack.query(`UPDATE mode_state SET mode = 'production', version = version + 1`);
    const { id, state } = await client.run(REQUEST);
    expect(state).toBe('completed');
    expect(await client.experimentsOf(id)).toMatchObject([{ state: 'skipped', skip_reason: 'rejected' }]);
    const [approval] = await client.list(`/approvals?cycle_id=${id}`);
    expect(await client.get(`/approvals/${approval?.id}`)).toMatchObject({
      state: 'rejected',
      mode: 'production',
      reminders: [],
      decision: { decision: 'rejected', decided_by: null, proven_by: null, via: 'policy' },
    });
    expect(await client.get('/approvals/pending')).toMatchObject({ count: 0 });
  });
});
