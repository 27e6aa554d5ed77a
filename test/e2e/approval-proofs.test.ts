import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { problemIn, type Answer } from '../api/api-client';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until, type Approval } from './research-client';

jest.setTimeout(60_000);

const PRICE = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
const REQUEST = { ...SMALL, focus: 'contradiction_loop', target: 'live' };

const Refused = z.looseObject({ code: z.string(), decided_by: z.string(), proven_by: z.string().nullable() });
const Detail = z.looseObject({
  state: z.string(),
  decision: z.looseObject({}).nullable(),
  action: z.looseObject({
    design: z.looseObject({ cases: z.array(z.looseObject({ turns: z.array(z.string()) })) }),
    configuration: z.object({ before: z.string() }),
  }),
  evidence: z.unknown(),
  digest: z.object({ asked: z.string(), now: z.string(), matches: z.boolean() }).loose(),
  refused_decisions: z.array(Refused),
  refused_actions: z.array(z.looseObject({ expected_digest: z.string(), found_digest: z.string() })),
});

describe('people with keys', () => {
  let model: OpenAiServer;
  let stack: Stack;
  /** Asks for cycles, and may decide. */
  let ana: ResearchClient;
  let ben: ResearchClient;

  beforeAll(async () => {
    model = await startOpenAiServer([{ content: 'I do not know.' }]);
    const live = { kind: 'openai', base_url: model.url, model: 'any', price: PRICE, system_prompt: 'Help.' };
    stack = await startStack({
      mode: 'shadow',
      settings: { targets: { live }, modes: { shadow: { approval: { require_comment: true } } } },
    });
    [ana, ben] = [await withKey('ana'), await withKey('ben')];
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await model.close();
  });

  const withKey = async (owner: string): Promise<ResearchClient> => {
    const { stdout } = await stack.cli('keys', 'create', '--owner', owner, '--role', 'approver');
    return ResearchClient.at(stack.url, stdout.trim());
  };
  const waiting = async (): Promise<{ cycleId: string; approval: Approval }> => {
    const cycleId = await ana.start(REQUEST);
    const { workflow_id: workflowId } = await ana.cycle(cycleId);
    const [approval] = await ana.pending(workflowId, 1);
    if (approval === undefined) throw new Error('nothing waits');
    return { cycleId, approval };
  };
  const detail = async (id: string) => Detail.parse(await ana.get(`/approvals/${id}`));
  const codes = async (id: string) => (await detail(id)).refused_decisions.map(({ code }) => code);
  const audited = (id: string, eventType: string) =>
    stack.query<{ actor: string; details: Record<string, unknown> }>(
      `SELECT actor, details FROM audit_logs WHERE subject_id = $1 AND event_type = $2 ORDER BY created_at`,
      [id, eventType],
    );
  const signal = async ({ workflow_id: workflowId, id }: Approval, more: object = {}): Promise<void> => {
    const client = await stack.client();
    const decision = { approval_id: id, decision: 'approved', decided_by: 'ben', reason: 'by hand', ...more };
    await client.workflow.getHandle(workflowId).signal('decideApproval', decision);
  };
  const refusal = (answer: Answer) => [answer.status, problemIn(answer)['code']];
  /** Past the rules, as nobody but the owner of the database can: no action of these types waits for a person by itself. */
  const makeGrave = (id: string) => stack.query(`UPDATE approvals SET severity = 'S3' WHERE id = $1`, [id]);

  it('see exactly what will be done, and find it by what is asked', async () => {
    const { cycleId, approval } = await waiting();
    const [experiment] = await ana.experimentsOf(cycleId);
    const shown = await detail(approval.id);
    expect(shown).toMatchObject({
      state: 'pending',
      requested_by: 'ana',
      mode: 'shadow',
      decision: null,
      evidence: null,
      reminders: [],
      action: {
        kind: 'experiment',
        experiment_id: experiment?.id,
        title: experiment?.title,
        runs_requested: 4,
        runs_permitted: 3,
        target: 'live',
      },
      digest: { asked: approval.action_digest, now: approval.action_digest, matches: true },
    });
    const { design, configuration } = shown.action;
    expect(design.cases.flatMap(({ turns }) => turns).length).toBeGreaterThan(0);
    expect(configuration.before).toContain('system_prompt: |-\n  Help.\n');
    const found = await ana.list(
      '/approvals?state=pending&severity=S1&mode=shadow&action_type=RUN_EXPERIMENT&requested_by=ana' +
        `&cycle_id=${cycleId}&workflow_id=${approval.workflow_id}`,
    );
    expect(found.map(({ id }) => id)).toEqual([approval.id]);
    expect(await ana.list('/approvals?requested_by=ben')).toEqual([]);
    expect((await ana.api.get(`/approvals/${randomUUID()}`)).status).toBe(404);
    await ben.decide(approval.id, 'rejected');
    await ana.ended(cycleId);
  });

  it('must say why they approve where that is asked for, and are then on record as claimed and as proven', async () => {
    const { cycleId, approval } = await waiting();
    const mute = await ben.api.post(`/approvals/${approval.id}/decide`, {
      decision: 'approved',
      decided_by: 'the night shift',
    });
    expect(refusal(mute)).toEqual([422, 'comment_required']);
    expect((await ben.decide(approval.id, 'approved', 'the night shift')).status).toBe(200);
    expect(await detail(approval.id)).toMatchObject({
      decision: { decision: 'approved', decided_by: 'the night shift', proven_by: 'ben', via: 'update' },
      refused_decisions: [{ code: 'comment_required', proven_by: 'ben' }],
    });
    await ana.ended(cycleId);
  });

  it('cannot approve what they asked for at S3, nor can anybody without a key', async () => {
    const { cycleId, approval } = await waiting();
    await makeGrave(approval.id);
    expect(refusal(await ana.decide(approval.id, 'approved', 'ben'))).toEqual([403, 'four_eyes_required']);
    await signal(approval);
    await until(
      () => codes(approval.id),
      (seen) => seen.length === 2,
    );
    expect(await audited(approval.id, 'approval_decision_refused')).toMatchObject([
      { actor: 'ana', details: { code: 'four_eyes_required', decided_by: 'ben', proven_by: 'ana' } },
      { actor: 'ben', details: { code: 'decision_unproven', proven_by: null, via: 'signal' } },
    ]);
    expect((await ben.decide(approval.id, 'approved')).status).toBe(200);
    await ana.ended(cycleId);
    expect(await ana.experimentsOf(cycleId)).toMatchObject([{ state: 'done' }]);
  });

  it('cannot use the proof of one decision for another', async () => {
    const [first, second] = [await waiting(), await waiting()];
    expect((await ben.decide(first.approval.id, 'approved')).status).toBe(200);
    const [proof] = await stack.query<{ id: string }>(
      `SELECT id FROM approval_proofs WHERE approval_id = $1`,
      [first.approval.id],
    );
    await signal(second.approval, { proof_id: proof?.id });
    await until(
      () => codes(second.approval.id),
      (seen) => seen.length === 1,
    );
    expect(await detail(second.approval.id)).toMatchObject({
      state: 'pending',
      refused_decisions: [{ code: 'decision_unproven', proven_by: null, via: 'signal' }],
    });
    // Nothing but the approval it was given for can be decided over another's workflow either.
    await signal({ ...second.approval, id: first.approval.id }, { decision: 'rejected' });
    await signal(second.approval);
    await ana.ended(second.cycleId);
    expect(await detail(second.approval.id)).toMatchObject({
      state: 'approved',
      decision: { via: 'signal', proven_by: null },
    });
    await ana.ended(first.cycleId);
    expect((await detail(first.approval.id)).state).toBe('approved');
  });

  it('are obeyed for what they approved only: other arguments are refused and audited', async () => {
    const callsBefore = model.calls;
    const { cycleId, approval } = await waiting();
    await stack.query(`UPDATE experiments SET runs_requested = 50 WHERE cycle_id = $1`, [cycleId]);
    const changed = await detail(approval.id);
    expect(changed.digest).toMatchObject({ asked: approval.action_digest, matches: false });
    expect((await ben.decide(approval.id, 'approved')).status).toBe(200);
    await ana.ended(cycleId);
    expect(await ana.experimentsOf(cycleId)).toMatchObject([{ state: 'failed', skip_reason: 'failed' }]);
    expect(model.calls).toBe(callsBefore);
    expect((await detail(approval.id)).refused_actions).toMatchObject([
      { expected_digest: approval.action_digest, found_digest: changed.digest.now },
    ]);
    expect(await audited(approval.id, 'action_refused')).toMatchObject([{ actor: 'executor' }]);
  });

  it('come too late once another decision stands, which is audited', async () => {
    const { cycleId, approval } = await waiting();
    expect((await ben.decide(approval.id, 'rejected')).status).toBe(200);
    await ana.ended(cycleId);
    expect(refusal(await ana.decide(approval.id, 'approved'))).toEqual([409, 'approval_already_decided']);
    expect(await codes(approval.id)).toEqual(['approval_already_decided']);
    expect(await audited(approval.id, 'approval_decision_refused')).toMatchObject([
      { actor: 'ana', details: { decision: 'approved', proven_by: 'ana' } },
    ]);
  });

  it('are needed in production, where a signal past the API is not enough', async () => {
    const { cycleId, approval } = await waiting();
    await stack.query(`UPDATE mode_state SET mode = 'production', version = version + 1`);
    await signal(approval);
    await until(
      () => codes(approval.id),
      (seen) => seen.length === 1,
    );
    expect(await codes(approval.id)).toEqual(['decision_unproven']);
    await signal(approval, { decision: 'rejected' });
    await ana.ended(cycleId);
    expect(await detail(approval.id)).toMatchObject({
      state: 'rejected',
      decision: { via: 'signal', proven_by: null },
    });
  });
});
