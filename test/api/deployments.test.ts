import { randomUUID } from 'node:crypto';
import { DomainError } from '../../src/domain/errors';
import type { Role } from '../../src/domain/access';
import type { DeploymentGateway } from '../../src/ports/deployment-gateway';
import type { ApiRecord } from '../../src/ports/records';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

function inForce(channel: string, target = 'demo'): ApiRecord {
  return {
    deployment_id: randomUUID(),
    intervention_id: randomUUID(),
    target,
    channel,
    type: 'prompt_patch',
    patch: { type: 'prompt_patch', append: 'Remember.' },
    published_at: '2026-11-23T05:00:00.000Z',
  };
}

describe('interventions in force', () => {
  const world = new FakeWorld();
  let api: ApiClient;
  beforeAll(async () => void (api = await ApiClient.start(world)));
  afterAll(() => api.close());

  it('are told once: whoever has them is told 304 until something changes', async () => {
    world.active.push(inForce('shadow'), inForce('production'), inForce('shadow', 'other'));
    const first = await api.get('/interventions/active');
    expect(first).toMatchObject({ status: 200, body: { interventions: world.active } });
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{43}"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await api.get('/interventions/active', { 'if-none-match': known });
      expect({ status: again.status, body: again.body, tag: again.headers.get('etag') }).toEqual({
        status: 304,
        body: '',
        tag,
      });
    }
    expect((await api.get('/interventions/active', { 'if-none-match': '"other"' })).status).toBe(200);
    world.active.pop();
    const changed = await api.get('/interventions/active', { 'if-none-match': tag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
  });

  it('are told by channel and target; what is misspelt is refused', async () => {
    const narrowed = await api.get('/interventions/active?channel=production&target=demo');
    expect(narrowed.body).toMatchObject({ interventions: [{ channel: 'production', target: 'demo' }] });
    expect((await api.get('/interventions/active?chanel=production')).status).toBe(422);
    expect((await api.get('/interventions/active?channel=lab')).status).toBe(422);
  });
});

describe('going live over HTTP', () => {
  const world = new FakeWorld();
  const asked: Parameters<DeploymentGateway['request']>[0][] = [];
  const deploymentId = randomUUID();
  const approvalId = randomUUID();
  const id = world.firstId('interventions');
  let api: ApiClient;
  beforeAll(async () => {
    for (const role of ['operator', 'admin'] as const satisfies readonly Role[]) {
      world.principals.set(role, { name: `the ${role}`, role, keyId: role });
    }
    world.deployments = {
      request: (request) => {
        asked.push(request);
        return Promise.resolve({ deploymentId, approvalId, workflowId: 'deploy-1', created: true });
      },
      rollback: ({ requestedBy }) =>
        Promise.resolve([
          { deploymentId, interventionId: id, channel: 'shadow', target: requestedBy, changed: true },
        ]),
    };
    api = await ApiClient.start(world);
  });
  afterAll(() => api.close());
  const as = (role: Role) => ({ authorization: `Bearer ${role}` });

  it('answers where the deployment is and what it waits for', async () => {
    const answer = await api.post(
      `/interventions/${id}/deploy`,
      {},
      { ...as('operator'), 'idempotency-key': 'k' },
    );
    expect(answer).toMatchObject({
      status: 202,
      body: { deployment_id: deploymentId, approval_id: approvalId, workflow_id: 'deploy-1' },
    });
    expect(answer.headers.get('location')).toBe(`/deployments/${deploymentId}`);
    const request = {
      interventionId: id,
      channel: 'shadow',
      requestedBy: 'the operator',
      idempotencyKey: 'k',
    };
    expect(asked).toEqual([request]);
  });

  it('overrides for admins only', async () => {
    const body = { channel: 'production', override_reason: 'the customer insists' };
    const refused = await api.post(`/interventions/${id}/deploy`, body, as('operator'));
    expect(problemIn(refused)).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await api.post(`/interventions/${id}/deploy`, body, as('admin'))).status).toBe(202);
    expect(asked.at(-1)).toMatchObject({
      channel: 'production',
      override: { reason: 'the customer insists' },
    });
  });

  it('tells what bars it, and asks for a reason to take it back', async () => {
    const bars = new DomainError('state_conflict', 'it cannot be published: no simulation');
    const deployments = { ...world.deployments, request: () => Promise.reject(bars) };
    const other = await ApiClient.start(world, { ...world.deps, deployments });
    const refused = await other.post(`/interventions/${id}/deploy`, {}, as('operator'));
    expect(problemIn(refused)).toMatchObject({
      status: 409,
      detail: 'it cannot be published: no simulation',
    });
    await other.close();

    expect((await api.post(`/interventions/${id}/rollback`, {}, as('operator'))).status).toBe(422);
    const done = await api.post(`/interventions/${id}/rollback`, { reason: 'a complaint' }, as('operator'));
    expect(done).toMatchObject({
      status: 200,
      body: { deployments: [{ deployment_id: deploymentId, target: 'the operator', changed: true }] },
    });
  });
});

describe('resolving a failure over HTTP', () => {
  const world = new FakeWorld();
  const resolve = jest.fn(() => Promise.resolve());
  const reopen = jest.fn(() => Promise.resolve());
  const id = world.firstId('failures');
  let api: ApiClient;
  beforeAll(async () => {
    world.failures = { resolve, reopen };
    api = await ApiClient.start(world);
  });
  afterAll(() => api.close());

  it('takes words or one record as evidence, and answers with the failure', async () => {
    const record = randomUUID();
    for (const [evidence, understood] of [
      ['rewrote the prompt', { note: 'rewrote the prompt' }],
      [{ note: 'seen' }, { note: 'seen' }],
      [{ simulation_id: record }, { simulationId: record }],
      [{ deployment_id: record.toUpperCase() }, { deploymentId: record }],
    ] as const) {
      const answer = await api.post(`/failures/${id}/resolve`, { evidence });
      expect(answer).toMatchObject({ status: 200, body: { id } });
      expect(resolve).toHaveBeenLastCalledWith({ failureId: id, by: 'anonymous', evidence: understood });
    }
    for (const evidence of ['', {}, { simulation_id: record, note: 'both' }, { simulation_id: 'x' }]) {
      expect((await api.post(`/failures/${id}/resolve`, { evidence })).status).toBe(422);
    }
    expect((await api.post(`/failures/${id}/reopen`, { reason: 'seen again' })).status).toBe(200);
    expect(reopen).toHaveBeenCalledWith({ failureId: id, by: 'anonymous', reason: 'seen again' });
    expect((await api.post(`/failures/${id}/reopen`, {})).status).toBe(422);
  });
});
