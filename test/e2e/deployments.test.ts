import { z } from 'zod';
import { problemIn } from '../api/api-client';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, until } from './research-client';

jest.setTimeout(90_000);

const CYCLE = {
  focus: 'logic_error',
  max_hypotheses: 1,
  max_experiments: 1,
  runs_per_experiment: 4,
  replay_pairs: 10,
};
const WATCH_SECONDS = 30;

const asked = z.object({ deployment_id: z.string(), approval_id: z.string(), workflow_id: z.string() });
const intervention = z.looseObject({
  id: z.string(),
  simulation: z.looseObject({ verdict: z.string() }).nullable(),
});
const deployment = z.looseObject({
  state: z.string(),
  watch: z.looseObject({ pairs: z.number(), verdict: z.string(), unassessed_pairs: z.number() }).nullable(),
  canaries: z.array(z.looseObject({ baseline: z.looseObject({}).nullable() })),
});
const isImproved = ({ simulation }: z.infer<typeof intervention>) => simulation?.verdict === 'improved';
const active = z.object({ interventions: z.array(z.looseObject({ deployment_id: z.string() })) });

const inForceAt = (client: ResearchClient) => async () =>
  active.parse(await client.get('/interventions/active')).interventions;

describe('an intervention that goes live', () => {
  let stack: Stack;
  let client: ResearchClient;
  beforeAll(async () => {
    stack = await startStack({
      mode: 'lab',
      settings: { deployment: { watch_hours: WATCH_SECONDS / 3_600 } },
    });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(() => stack?.stop());

  async function improved(): Promise<string> {
    const { interventions, failures } = await client.run(CYCLE);
    const found = z.array(intervention).parse(interventions);
    const best = found.find(isImproved);
    if (best === undefined) throw new Error(`nothing improved ${JSON.stringify(failures)}`);
    return best.id;
  }
  const deploymentAt = async (id: string) => deployment.parse(await client.get(`/deployments/${id}`));
  const inForce = () => inForceAt(client)();

  it('is approved, polled, watched under two workers and kept, and taken back', async () => {
    const id = await improved();
    const answer = await client.api.post(`/interventions/${id}/deploy`, {}, { 'idempotency-key': 'first' });
    expect(answer.status).toBe(202);
    const { deployment_id: deploymentId, approval_id: approvalId } = asked.parse(answer.body);
    expect(answer.headers.get('location')).toBe(`/deployments/${deploymentId}`);
    const again = await client.api.post(`/interventions/${id}/deploy`, {}, { 'idempotency-key': 'first' });
    expect(asked.parse(again.body)).toEqual(asked.parse(answer.body));
    const second = problemIn(await client.api.post(`/interventions/${id}/deploy`, {}));
    expect(second).toMatchObject({ status: 409, code: 'state_conflict' });
    expect(second.detail).toContain(
      `deployment ${deploymentId} of it is requested on the channel shadow already`,
    );
    expect(await inForce()).toEqual([]);

    expect((await client.decide(approvalId, 'approved')).status).toBe(200);
    await until(inForce, (list) => list.length === 1);
    const polled = await client.api.get('/interventions/active?channel=shadow');
    const known = { 'if-none-match': polled.headers.get('etag') ?? '' };
    expect((await client.api.get('/interventions/active?channel=shadow', known)).status).toBe(304);

    await until(
      () => deploymentAt(deploymentId),
      ({ watch }) => (watch?.pairs ?? 0) >= 6,
    );
    await stack.workers[0]?.kill();
    await stack.workers[0]?.restart();
    const kept = await until(
      () => deploymentAt(deploymentId),
      ({ state }) => state !== 'live',
      60_000,
    );
    expect(kept).toMatchObject({ state: 'kept', watch: { verdict: 'no_harm_shown', unassessed_pairs: 0 } });
    expect(kept.canaries).toHaveLength(kept.watch?.pairs ?? 0);
    expect((await client.api.get('/interventions/active?channel=shadow', known)).status).toBe(304);

    const { stdout, code } = await stack.cli('interventions', 'rollback', id, '--reason', 'a complaint');
    expect({ stdout, code }).toEqual({
      stdout: `Deployment ${deploymentId} on shadow is taken back.\n`,
      code: 0,
    });
    expect((await client.api.get('/interventions/active?channel=shadow', known)).status).toBe(200);
    expect(await inForce()).toEqual([]);
  });

  it('is asked for, rejected and resolved at the command line', async () => {
    const id = await improved();
    const deploy = await stack.cli('interventions', 'deploy', id, '--json');
    const { approval_id: approvalId, deployment_id: deploymentId } = asked.parse(JSON.parse(deploy.stdout));
    await stack.cli('approvals', 'reject', approvalId, '--reason', 'not now');
    const refused = await until(
      () => deploymentAt(deploymentId),
      ({ state }) => state === 'refused',
    );
    expect(refused).toMatchObject({ end_reason: 'not now', watch: null });
    const production = await stack.cli('interventions', 'deploy', id, '--channel', 'production');
    expect(production.code).toBe(1);
    expect(production.stderr).toContain('lift that override');

    const { failure_id: failure } = z
      .looseObject({ failure_id: z.string() })
      .parse(await client.get(`/interventions/${id}`));
    const list = await stack.cli('deployments', 'list', '--filter', `state=refused`);
    expect(list.stdout).toContain(deploymentId);
    expect((await stack.cli('failures', 'resolve', failure, '--evidence', 'rewrote the prompt')).stdout).toBe(
      `Failure ${failure} is resolved.\n`,
    );
    expect((await stack.cli('failures', 'resolve', failure, '--evidence', 'again')).code).toBe(1);
    expect(await client.failure(failure)).toMatchObject({ state: 'resolved' });
    const next = await client.run(CYCLE);
    expect(
      next.failures.map(({ novelty, previous_failure_id: previous }) => ({ novelty, previous })),
    ).toContainEqual({
      novelty: 'regressed',
      previous: failure,
    });
  });
});

describe('what is published in production', () => {
  it('is served while the mode is production, and no longer after a rollback of the mode', async () => {
    const stack = await startStack({ mode: 'lab' });
    try {
      const client = await ResearchClient.at(stack.url);
      const { interventions } = await client.run(CYCLE);
      const best = z.array(intervention).parse(interventions).find(isImproved);
      const answer = await client.api.post(`/interventions/${best?.id}/deploy`, {});
      await client.decide(asked.parse(answer.body).approval_id, 'approved');
      await until(inForceAt(client), (list) => list.length === 1);
      // As a policy without the override would have let it.
      await stack.query(`UPDATE deployments SET channel = 'production'`);
      const inForce = async () => (await inForceAt(client)()).length;
      expect(await inForce()).toBe(0);
      await stack.query(`UPDATE mode_state SET mode = 'production', version = version + 1`);
      expect(await inForce()).toBe(1);
      expect((await client.api.post('/mode/transition', { target_mode: 'shadow' })).status).toBe(200);
      expect(await inForce()).toBe(0);

      // The way back needs the database alone.
      await stack.temporal.process.kill();
      const back = await client.api.post(`/interventions/${best?.id}/rollback`, { reason: 'a drill' });
      expect(back).toMatchObject({ status: 200, body: { deployments: [{ changed: true }] } });
      await stack.temporal.process.restart();
    } finally {
      await stack.stop();
    }
  });
});
