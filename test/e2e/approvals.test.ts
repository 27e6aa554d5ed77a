import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { TEMPORAL_CLI } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';
import { problemIn } from '../api/api-client';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until, type Approval } from './research-client';

jest.setTimeout(60_000);

const PRICE = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
/** Dear enough that an experiment is estimated above a dollar, which takes a review even in lab. */
const DEAR = { input_usd_per_mtok: 100, output_usd_per_mtok: 200 };
const REQUEST = { ...SMALL, focus: 'contradiction_loop', target: 'live' };

describe('a step that waits for a person', () => {
  let model: OpenAiServer;
  let stack: Stack;
  let client: ResearchClient;

  beforeAll(async () => {
    model = await startOpenAiServer([{ content: 'I do not know.' }]);
    stack = await startStack({ mode: 'shadow', settings: targetsAt(model) });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await model.close();
  });

  /** A cycle that waits for its one experiment to be decided. */
  async function waiting(request: object = REQUEST): Promise<{ cycleId: string; approval: Approval }> {
    const cycleId = await client.start(request);
    const { workflow_id: workflowId } = await client.cycle(cycleId);
    const [approval] = await client.pending(workflowId, 1);
    if (approval === undefined) throw new Error('nothing waits');
    return { cycleId, approval };
  }

  /** Everything that the database knows of an approval. */
  const traceOf = (id: string) =>
    stack.query(
      `SELECT a.state, d.decision, d.decided_by, d.reason, d.via, d.decided_at::text,
         (SELECT count(*)::int FROM approval_decisions WHERE approval_id = a.id) AS decisions,
         (SELECT count(*)::int FROM audit_logs WHERE subject_id = a.id::text
           AND event_type <> 'approval_decision_refused') AS audited
       FROM approvals a LEFT JOIN approval_decisions d ON d.approval_id = a.id WHERE a.id = $1`,
      [id],
    );

  it('is shown with everything the decision is about', async () => {
    const callsBefore = model.calls;
    const { cycleId, approval } = await waiting();
    const [experiment] = await client.experimentsOf(cycleId);
    expect(approval).toMatchObject({
      action_type: 'RUN_EXPERIMENT',
      subject_id: experiment?.id,
      risk_tier: 'review',
      severity: 'S1',
      affected_systems: ['live'],
      is_reversible: true,
      timeout_seconds: 86_400,
      workflow_id: `cycle-live-${cycleId}`,
    });
    expect(approval.action_description).toContain(experiment?.title);
    expect(approval.estimated_cost_usd).toBeGreaterThan(0);
    expect(approval.action_digest).toMatch(/^[0-9a-f]{64}$/);
    expect(approval.rollback_plan).not.toBe('');
    expect(approval.requester_agent).not.toBe('');
    expect(Date.parse(approval.created_at)).toBeLessThanOrEqual(Date.now());
    const { state, progress } = await client.cycle(cycleId);
    expect({ state, pending: progress.pending_approvals, runs: progress.runs_done }).toEqual({
      state: 'running',
      pending: 1,
      runs: 0,
    });
    expect(model.calls).toBe(callsBefore);
    expect(await client.get('/status')).toMatchObject({ pending_approvals: 1, active_cycles: 1 });
    expect((await client.decide(approval.id, 'rejected')).status).toBe(200);
    await client.ended(cycleId);
  });

  it('runs once it is approved, half of its runs in shadow, and is decided only once', async () => {
    const { cycleId, approval } = await waiting({ ...REQUEST, runs_per_experiment: 7 });
    const taken = await client.decide(approval.id, 'approved', 'ana', 'harmless');
    const standing = {
      approval_id: approval.id,
      state: 'approved',
      decided_by: 'ana',
      reason: 'harmless',
      via: 'update',
    };
    expect(taken).toMatchObject({ status: 200, body: standing });
    const before = await traceOf(approval.id);
    expect(before).toMatchObject([
      { state: 'approved', decision: 'approved', decided_by: 'ana', via: 'update', decisions: 1 },
    ]);
    const second = await client.decide(approval.id, 'rejected', 'ben');
    expect(second.status).toBe(409);
    expect(problemIn(second)).toMatchObject({ code: 'approval_already_decided' });
    const ended = await client.ended(cycleId);
    expect(ended.state).toBe('completed');
    const [experiment] = await client.experimentsOf(cycleId);
    expect(experiment).toMatchObject({ state: 'done', mode: 'shadow', runs_requested: 7, runs_permitted: 4 });
    expect((await client.experiment(experiment?.id ?? '')).runs).toHaveLength(4);
    const late = await client.decide(approval.id, 'rejected', 'cleo');
    expect(late.status).toBe(409);
    // While the workflow runs it tells, afterwards the database does.
    const told = z.looseObject({ decision: z.unknown() });
    expect(told.parse(second.body).decision).toEqual(taken.body);
    expect(told.parse(late.body).decision).toEqual(taken.body);
    expect(await traceOf(approval.id)).toEqual(before);
  });

  it('is skipped when it is rejected', async () => {
    const callsBefore = model.calls;
    const { cycleId, approval } = await waiting();
    expect(await client.decide(approval.id, 'rejected', 'ben', 'too dear')).toMatchObject({
      status: 200,
      body: { state: 'rejected', decided_by: 'ben' },
    });
    expect(await client.ended(cycleId)).toMatchObject({ state: 'completed', result: { failures_count: 0 } });
    const [experiment] = await client.experimentsOf(cycleId);
    expect(experiment).toMatchObject({
      state: 'skipped',
      skip_reason: 'rejected',
      detail: 'too dear',
      runs_permitted: null,
    });
    expect(model.calls).toBe(callsBefore);
  });

  it('runs at least three when there are so few, or all of fewer', async () => {
    for (const [requested, permitted] of [
      [2, 2],
      [4, 3],
    ]) {
      const { cycleId, approval } = await waiting({ ...REQUEST, runs_per_experiment: requested });
      await client.decide(approval.id, 'approved');
      await client.ended(cycleId);
      expect(await client.experimentsOf(cycleId)).toMatchObject([{ runs_permitted: permitted }]);
    }
  });

  it('has one winner among fifty opposing decisions of the same instant', async () => {
    const { cycleId, approval } = await waiting();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, person) =>
        client.decide(approval.id, person % 2 === 0 ? 'approved' : 'rejected', `person-${person}`),
      ),
    );
    const winners = answers.filter(({ status }) => status === 200);
    const losers = answers.filter(({ status }) => status === 409);
    expect([winners.length, losers.length]).toEqual([1, 49]);
    const decision = z.looseObject({ state: z.string(), decided_by: z.string() });
    const won = decision.parse(winners[0]?.body);
    for (const { body } of losers)
      expect(decision.parse(z.looseObject({ decision }).parse(body).decision)).toMatchObject({
        decided_by: won.decided_by,
      });
    expect(await traceOf(approval.id)).toMatchObject([
      { state: won.state, decided_by: won.decided_by, decisions: 1 },
    ]);
    await client.ended(cycleId);
    expect(await client.experimentsOf(cycleId)).toMatchObject([
      { state: won.state === 'approved' ? 'done' : 'skipped' },
    ]);
  });

  it('is released by `temporal workflow signal` too', async () => {
    const { cycleId, approval } = await waiting();
    const { path } = await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env });
    const payload = { approval_id: approval.id, decision: 'approved', decided_by: 'ana', reason: 'by hand' };
    await promisify(execFile)(path, [
      ...['workflow', 'signal', '--address', stack.temporal.address, '--workflow-id', approval.workflow_id],
      ...['--name', 'decideApproval', '--input', JSON.stringify(payload)],
    ]);
    expect(await client.ended(cycleId)).toMatchObject({ state: 'completed' });
    expect(await traceOf(approval.id)).toMatchObject([
      { state: 'approved', decided_by: 'ana', via: 'signal', reason: 'by hand' },
    ]);
    expect(await client.experimentsOf(cycleId)).toMatchObject([{ state: 'done' }]);
  });

  it('is withdrawn when its cycle is cancelled', async () => {
    const { cycleId, approval } = await waiting();
    expect((await client.api.post(`/research/cycles/${cycleId}/cancel`, {})).status).toBe(202);
    expect(await client.ended(cycleId, 5_000)).toMatchObject({ state: 'cancelled' });
    expect(await traceOf(approval.id)).toMatchObject([{ state: 'cancelled', via: 'cycle', decisions: 1 }]);
    const late = await client.decide(approval.id, 'approved');
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ decision: { state: 'cancelled', decided_by: null } });
    expect(await client.get('/approvals/pending')).toMatchObject({ count: 0 });
    expect(await client.experimentsOf(cycleId)).toMatchObject([
      { state: 'skipped', skip_reason: 'cancelled' },
    ]);
  });

  it('does not know an approval that is none', async () => {
    const answer = await client.decide('11111111-1111-4111-8111-111111111111', 'approved');
    expect(answer.status).toBe(404);
  });

  it('is answered by policy in lab, and recorded so', async () => {
    const lab = await startStack({ mode: 'lab', temporal: stack.temporal, settings: targetsAt(model) });
    try {
      const operator = await ResearchClient.at(lab.url);
      const { id } = await operator.run({ ...REQUEST, target: 'dear' });
      const [approval] = await operator.list('/approvals');
      expect(approval).toMatchObject({ cycle_id: id, state: 'approved', risk_tier: 'review' });
      expect(await operator.get(`/approvals/${approval?.id}`)).toMatchObject({
        decision: { decision: 'approved', decided_by: null, via: 'policy' },
      });
      expect(await operator.experimentsOf(id)).toMatchObject([{ state: 'done', runs_permitted: 4 }]);
    } finally {
      await lab.stop();
    }
  });

  it('is always asked in production, for three runs, of a target whose price is known', async () => {
    const production = await startStack({
      mode: 'production',
      temporal: stack.temporal,
      settings: targetsAt(model),
    });
    try {
      const unproven = await ResearchClient.at(production.url);
      const cycleId = await unproven.start({ ...REQUEST, runs_per_experiment: 9 });
      const { workflow_id: workflowId } = await unproven.cycle(cycleId);
      const [approval] = await unproven.pending(workflowId, 1);
      expect(problemIn(await unproven.decide(approval?.id ?? '', 'approved'))).toMatchObject({
        status: 403,
        code: 'decision_unproven',
      });
      const made = await production.cli('keys', 'create', '--owner', 'ben', '--role', 'approver');
      const operator = await ResearchClient.at(production.url, made.stdout.trim());
      const taken = await operator.decide(approval?.id ?? '', 'approved', 'ana');
      expect(taken).toMatchObject({ status: 200, body: { decided_by: 'ana', proven_by: 'ben' } });
      await operator.ended(cycleId);
      expect(await operator.experimentsOf(cycleId)).toMatchObject([
        { state: 'done', mode: 'production', runs_requested: 9, runs_permitted: 3 },
      ]);
      const unpriced = await operator.start({ ...REQUEST, target: 'unpriced' });
      const refused = await until(
        () => operator.cycle(unpriced),
        ({ state }) => state !== 'running',
      );
      expect(refused.state).toBe('failed');
      expect(refused.error).toContain('price');
    } finally {
      await production.stop();
    }
  });
});

function targetsAt({ url }: OpenAiServer): Record<string, unknown> {
  const live = { kind: 'openai', base_url: url, model: 'any' };
  return {
    targets: { live: { ...live, price: PRICE }, dear: { ...live, price: DEAR }, unpriced: live },
  };
}
