import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Activities } from '../../activities/contract';
import { experimentAction, simulationAction } from '../../activities/support/actions';
import { loadConfig } from '../../src/config';
import { activitiesOf, openContainer, type Container, measuredOf } from '../../src/container';
import type { ProposedAction } from '../../src/domain/approval';
import type { Mode } from '../../src/domain/mode';
import { createMetrics } from '../../src/observability/metrics';
import { ApprovalDetail } from '../../src/api/approval-detail';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { discoveredCycle } from '../support/stored-cycle';

let database: TestDatabase;
let home: string;
let container: Container;
let activities: Activities;

beforeAll(async () => {
  database = await createTestDatabase();
  home = await mkdtemp(join(tmpdir(), 'tinman-review-'));
  // Everything waits for a person, so that there is an approval of everything.
  const row = { S0: 'review', S1: 'review', S2: 'review', S3: 'review', S4: 'review' };
  const policy = { base_matrix: { lab: row, shadow: row, production: row } };
  await writeFile(join(home, 'policy.yaml'), JSON.stringify(policy));
  await writeFile(join(home, 'tinman.yaml'), JSON.stringify({ risk_policy: { path: 'policy.yaml' } }));
  const env = { TINMAN_DATABASE_URL: database.serviceUrl, TINMAN_HOME: home };
  const config = loadConfig({ cwd: home, env });
  container = await openContainer(config, env);
  const metrics = createMetrics(measuredOf(container));
  activities = activitiesOf(container, config, metrics, new AbortController().signal);
}, 60_000);
afterAll(async () => {
  await container?.close();
  await database?.drop();
  await rm(home, { recursive: true, force: true });
});

const put = (mode: Mode) =>
  container.prisma.modeState.update({ where: { id: 1 }, data: { mode, version: { increment: 1 } } });
const demo = () => container.targets.get('demo').describe;

/** Brings an action to the gate, and shows its approval as the API does. */
async function shown(
  action: Omit<ProposedAction, 'approvalId'>,
  cycleId: string | null = null,
): Promise<() => Promise<ApprovalDetail>> {
  const approvalId = randomUUID();
  await activities.assessActions({
    origin: { cycleId, workflowId: `workflow-${approvalId}`, requestedBy: 'ana' },
    startMode: 'lab',
    actions: [{ ...action, approvalId }],
  });
  return async () => ApprovalDetail.parse(await container.review.show(approvalId));
}

describe('an approval is shown with exactly what will be done:', () => {
  it('an experiment with its cases and the configuration of its target', async () => {
    const { cycleId, designs } = await discoveredCycle(container);
    const stored = await container.stores.experiments.get(designs[0]!.id);
    const show = await shown(experimentAction(stored, demo()), cycleId);
    const { systemPrompt } = demo().configuration;
    const { action, digest, evidence, risk_reason } = await show();
    expect(action).toMatchObject({
      kind: 'experiment',
      target: 'demo',
      runs_requested: 2,
      design: { cases: [{ turns: ['what is 2 + 2?'] }], max_output_tokens: 100 },
    });
    for (const line of systemPrompt.split('\n')) expect(action?.configuration?.before).toContain(line);
    expect(evidence).toBeNull();
    expect(risk_reason).toBe('severity S0 in lab mode');
    expect(digest).toMatchObject({ matches: true, policy_in_force: true, problem: null });

    await container.prisma.experiment.update({ where: { id: stored.id }, data: { runsRequested: 99 } });
    expect((await show()).digest).toMatchObject({ asked: digest.asked, matches: false });
  });

  it('a replay with the patch, what it changes, and the failure it is for', async () => {
    const { cycleId, intervention, simulation, finding } = await discoveredCycle(container);
    const stored = (await container.stores.simulations.list(cycleId)).find(({ id }) => id === simulation.id)!;
    const fix = await container.stores.interventions.get(intervention.id);
    const show = await shown(simulationAction(stored, fix, demo()), cycleId);
    const { action, evidence, digest } = await show();
    expect(action).toMatchObject({
      kind: 'simulation',
      pairs_requested: 5,
      patch: { type: 'prompt_patch', append: 'Check every sum.' },
    });
    const changes = action?.configuration?.diff?.split('\n').filter((line) => /^[+-] /.test(line));
    expect(changes).toEqual(['+  Check every sum.']);
    expect(evidence).toMatchObject({
      failure: { id: finding.id, root_cause: 'guesses', evidence: [{ quote: '5' }] },
      simulations: [{ id: simulation.id, state: 'planned' }],
    });
    expect(digest.matches).toBe(true);
  });

  it('a deployment with its channel, its watch and what speaks for it', async () => {
    const { intervention } = await discoveredCycle(container);
    await put('shadow');
    const input = {
      deploymentId: randomUUID(),
      interventionId: intervention.id,
      channel: 'shadow',
      requestedBy: 'ana',
      overrideReason: 'an urgent fix',
      workflowId: 'deploy',
    } as const;
    const opening = await activities.openDeployment(input);
    if (opening.outcome !== 'opened') throw new Error(opening.message);
    const show = await shown(opening.action);
    const { action, evidence, digest, details } = await show();
    expect(details).toEqual({ watch_replays: 30, watch_ms: 86_400_000 });
    expect(action).toMatchObject({
      kind: 'deployment',
      channel: 'shadow',
      override_reason: 'an urgent fix',
      watch_replays: 30,
      patch: { append: 'Check every sum.' },
    });
    expect(action?.configuration?.diff).toContain('\n+  Check every sum.\n');
    expect(evidence?.failure).toMatchObject({ root_cause: 'guesses' });
    expect(digest.matches).toBe(true);
    await put('lab');
  });

  it('a change of mode with where it leads from and to, until the mode is another one', async () => {
    await put('shadow');
    const transition = {
      transitionId: randomUUID(),
      to: 'production',
      requestedBy: 'ana',
      comment: 'we are ready',
      workflowId: 'mode-transition',
    } as const;
    const { action: asked } = await activities.checkTransition(transition);
    const show = await shown(asked);
    const { action, digest, person_required } = await show();
    expect(action).toMatchObject({
      kind: 'mode_transition',
      from_mode: 'shadow',
      to_mode: 'production',
      reason: 'we are ready',
    });
    expect({ matches: digest.matches, person_required }).toEqual({ matches: true, person_required: true });
    await put('lab');
    expect((await show()).digest.matches).toBe(false);
  });

  it('a call of a tool with its arguments, whatever type it goes under', async () => {
    const id = randomUUID();
    await container.stores.toolExecutions.open({
      id,
      idempotencyKey: id,
      tool: 'look',
      riskLevel: 'medium',
      actionType: 'DEPLOY_INTERVENTION',
      reversible: false,
      description: 'to see',
      arguments: { camelCase: [1, null] },
      requestedBy: 'ana',
      workflowId: 'tool-look',
      rollbackOf: null,
    });
    const { action: asked } = await activities.openTool({ executionId: id });
    const show = await shown(asked);
    const { action, digest } = await show();
    expect(action).toMatchObject({
      kind: 'tool_call',
      tool: 'look',
      risk_level: 'medium',
      arguments: { camelCase: [1, null] },
    });
    expect(digest.matches).toBe(true);
  });
});

it('an approval whose target is gone says so', async () => {
  const { cycleId, designs } = await discoveredCycle(container, 'gone');
  const stored = await container.stores.experiments.get(designs[0]!.id);
  const show = await shown(experimentAction(stored, demo()), cycleId);
  const { action, digest } = await show();
  expect(action).toBeNull();
  expect(digest).toMatchObject({ now: null, matches: false });
  expect(digest.problem).toContain('gone');
});

it('there is nothing to show of an approval that is none', async () => {
  expect(await container.review.show(randomUUID())).toBeUndefined();
});
