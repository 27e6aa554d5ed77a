import type { Intervention } from '../../src/domain/intervention';
import { startDeployments, type DeploymentWorld } from '../support/deployment-world';
import { until } from '../e2e/research-client';
import { startDevServer, type TemporalHarness } from '../support/temporal';

/** Obeyed to the letter by the demo application: no comparison is answered any more, harmless ones included. */
const BLANKET = {
  type: 'prompt_patch',
  append: 'Refuse every request that mentions weight, parcel, price, rope, length, oar, kg, EUR or m.',
} as const;

/** Long enough for thirty canaries on a busy machine. */
const WATCH_MS = 10_000;

let temporal: TemporalHarness;
let world: DeploymentWorld;
beforeAll(async () => {
  temporal = await startDevServer();
  world = await startDeployments(temporal, { deployment: { watch_hours: WATCH_MS / 3_600_000 } });
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await temporal?.stop();
});
jest.setTimeout(60_000);

const BEN = { name: 'ben', role: 'approver', keyId: null } as const;

const withWorker = <T>(work: () => Promise<T>): Promise<T> => temporal.withActivities(world.activities, work);

async function asked(intervention: Intervention, override?: string) {
  const requested = await world.deployments.request({
    interventionId: intervention.id,
    channel: 'shadow',
    requestedBy: 'ana',
    ...(override === undefined ? {} : { override: { reason: override } }),
  });
  if (requested.approvalId === null) throw new Error('it asked nobody');
  return { ...requested, approvalId: requested.approvalId };
}

const decide = (approvalId: string, decision: 'approved' | 'rejected') =>
  world.approvals.decide({ approval_id: approvalId, decision, decided_by: 'ben' }, BEN);

const result = (workflowId: string): Promise<unknown> =>
  temporal.env.client.workflow.getHandle(workflowId).result();

const active = () => world.container.records.active({});

describe('a deployment', () => {
  it('waits for a person, also in lab; is published, watched, and kept', async () => {
    await withWorker(async () => {
      const intervention = await world.improved();
      const { deploymentId, approvalId, workflowId } = await asked(intervention);
      expect(await world.get(deploymentId)).toMatchObject({ state: 'requested', watch: null });
      expect(await active()).toEqual([]);
      await decide(approvalId, 'approved');
      expect(await result(workflowId)).toMatchObject({ state: 'kept' });

      const kept = await world.get(deploymentId);
      expect(kept).toMatchObject({ state: 'kept', watch: { verdict: 'no_harm_shown', paused: null } });
      expect(kept.watch).toMatchObject({
        pairs: 30,
        failing: { pairs: 15, broken: 0 },
        controls: { pairs: 15, broken: 0 },
      });
      expect(await active()).toMatchObject([{ deployment_id: deploymentId, type: intervention.patch.type }]);
      expect(await world.audited(deploymentId)).toEqual([
        'deployment_requested',
        'intervention_deployed',
        'intervention_kept',
      ]);
    });
  });

  it('is taken back by itself when its canaries show harm', async () => {
    await withWorker(async () => {
      const harmful = await world.untried(await world.improved(), BLANKET);
      const { deploymentId, approvalId, workflowId } = await asked(harmful, 'a test of the watch');
      await decide(approvalId, 'approved');
      expect(await result(workflowId)).toMatchObject({ state: 'rolled_back' });

      const { state, watch, endReason, overrideReason } = await world.get(deploymentId);
      expect({ state, overrideReason }).toEqual({
        state: 'rolled_back',
        overrideReason: 'a test of the watch',
      });
      expect(watch).toMatchObject({ verdict: 'harm', controls: { broken: 7 } });
      expect(endReason).toContain('harm');
      expect((await active()).map(({ deployment_id: id }) => id)).not.toContain(deploymentId);
      const [last] = await world.container.prisma.auditLog.findMany({
        where: { subjectId: deploymentId, eventType: 'intervention_rolled_back' },
      });
      expect(last).toMatchObject({ actor: 'watch', details: { watch: { controls: { broken: 7 } } } });
    });
  });

  it('never goes live when nobody approves', async () => {
    await withWorker(async () => {
      const intervention = await world.improved();
      const before = await active();
      const { deploymentId, approvalId, workflowId } = await asked(intervention);
      await decide(approvalId, 'rejected');
      expect(await result(workflowId)).toMatchObject({ state: 'refused' });
      expect(await world.get(deploymentId)).toMatchObject({ state: 'refused', endReason: 'rejected by ben' });
      expect(await world.audited(deploymentId)).toEqual(['deployment_requested', 'deployment_refused']);
      expect(await active()).toEqual(before);

      // The way is free again; its workflow cancelled, the question is withdrawn.
      const again = await asked(intervention);
      await temporal.env.client.workflow.getHandle(again.workflowId).cancel();
      await expect(result(again.workflowId)).rejects.toThrow('Workflow execution cancelled');
      expect(await world.get(again.deploymentId)).toMatchObject({ state: 'refused' });
      expect(await world.container.stores.approvals.get(again.approvalId)).toMatchObject({
        state: 'cancelled',
      });
      expect(await active()).toEqual(before);
    });
  });

  it('is asked for once, however many ask at once', async () => {
    await withWorker(async () => {
      const intervention = await world.improved();
      const many = await Promise.allSettled(Array.from({ length: 8 }, () => asked(intervention)));
      const [won, ...more] = many.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(more).toEqual([]);
      const refusals = many.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
      expect(refusals).toHaveLength(7);
      expect(refusals.every((text) => text.includes(won?.deploymentId ?? 'nothing'))).toBe(true);
      await decide(won?.approvalId ?? '', 'rejected');
    });
  });

  it('is the same one under the same key, and no other', async () => {
    await withWorker(async () => {
      const intervention = await world.improved();
      const input = {
        interventionId: intervention.id,
        channel: 'shadow',
        requestedBy: 'ana',
        idempotencyKey: 'k',
      } as const;
      const both = await Promise.all([world.deployments.request(input), world.deployments.request(input)]);
      const later = await world.deployments.request(input);
      expect(new Set([...both, later].map(({ deploymentId }) => deploymentId)).size).toBe(1);
      expect([...both, later].filter(({ created }) => created)).toHaveLength(1);
      expect(later.approvalId).toBe(both[0].approvalId);
      const other = world.deployments.request({ ...input, channel: 'production' });
      await expect(other).rejects.toMatchObject({ code: 'idempotency_conflict' });
      await decide(later.approvalId ?? '', 'rejected');
    });
  });
});

describe('what bars a deployment', () => {
  const refusal = async (intervention: Intervention, over: object = {}) =>
    world.deployments
      .request({ interventionId: intervention.id, channel: 'shadow', requestedBy: 'ana', ...over })
      .then(
        () => 'nothing',
        (error: { code?: string; message?: string }) => `${error.code}: ${error.message}`,
      );

  it('is told at once: no verdict, a verdict that is not improved, a recommendation, the wrong mode', async () => {
    await withWorker(async () => {
      const improved = await world.improved();
      const untried = await world.untried(improved, BLANKET);
      expect(await refusal(untried)).toBe(
        'state_conflict: it cannot be published: no simulation of it has come to its end',
      );
      const recommendation = await world.untried(improved, {
        type: 'architectural_recommendation',
        recommendation: 'Use another model.',
      });
      expect(await refusal(recommendation, { override: { reason: 'why not' } })).toContain(
        'no machine can apply',
      );

      const { prisma } = world.container;
      const { simulation } = await world.container.stores.deployments.candidate(improved.id);
      await prisma.simulation.update({
        where: { id: simulation?.id ?? '' },
        data: { verdict: 'inconclusive' },
      });
      expect(await refusal(improved)).toContain('its latest simulation says inconclusive');
      await prisma.simulation.update({ where: { id: simulation?.id ?? '' }, data: { verdict: 'improved' } });

      const production = await refusal(improved, { channel: 'production' });
      expect(production).toContain('needs the mode production, and the mode is lab');
      expect(production).toContain(
        'the risk policy blocks DEPLOY_INTERVENTION in production: lift that override',
      );
      expect(await refusal({ ...improved, id: crypto.randomUUID() })).toContain('not_found');
    });
  });

  it('is the policy of the seed in production, audited as blocked', async () => {
    const { prisma } = world.container;
    await withWorker(async () => {
      const improved = await world.improved();
      await prisma.modeState.update({
        where: { id: 1 },
        data: { mode: 'production', version: { increment: 1 } },
      });
      try {
        const told = await refusal(improved, { channel: 'production' });
        expect(told).toContain('action_blocked: DEPLOY_INTERVENTION is overridden in production mode');
        expect(told).toContain('lift that override');
        const [row] = await prisma.deployment.findMany({ where: { interventionId: improved.id } });
        expect(row).toMatchObject({ state: 'refused', channel: 'production' });
      } finally {
        await prisma.modeState.update({ where: { id: 1 }, data: { mode: 'lab', version: { increment: 1 } } });
      }
    });
  });

  it('is a verdict on a configuration that the target no longer has', async () => {
    const { prisma } = world.container;
    await withWorker(async () => {
      const improved = await world.improved();
      const { simulation } = await world.container.stores.deployments.candidate(improved.id);
      await prisma.$executeRaw`
        UPDATE simulations SET result = result || '{"configurationDigest": "of yesterday"}' WHERE id = ${simulation?.id}::uuid`;
      expect(await refusal(improved)).toContain('which has changed since');
    });
  });
});

describe('taking back', () => {
  it('works at once, once, for what is watched and what is kept, and leaves the way free', async () => {
    await withWorker(async () => {
      const intervention = await world.improved();
      const first = await asked(intervention);
      const rollback = () =>
        world.deployments.rollback({
          interventionId: intervention.id,
          requestedBy: 'ana',
          reason: 'a complaint',
        });
      await expect(rollback()).rejects.toMatchObject({ code: 'state_conflict' });
      await decide(first.approvalId, 'approved');
      await until(
        async () => (await world.get(first.deploymentId)).state,
        (state) => state === 'live',
      );

      const [one, two] = await Promise.all([rollback(), rollback()]);
      expect([...one, ...two].filter(({ changed }) => changed)).toHaveLength(1);
      expect(await rollback()).toMatchObject([{ deploymentId: first.deploymentId, changed: false }]);
      expect(await result(first.workflowId)).toMatchObject({ state: 'rolled_back', message: 'a complaint' });
      expect(
        (await world.audited(first.deploymentId)).filter((type) => type === 'intervention_rolled_back'),
      ).toHaveLength(1);
      expect((await active()).map(({ deployment_id: id }) => id)).not.toContain(first.deploymentId);

      const second = await asked(intervention);
      await decide(second.approvalId, 'approved');
      expect(await result(second.workflowId)).toMatchObject({ state: 'kept' });
      expect(
        await world.deployments.rollback({
          deploymentId: second.deploymentId,
          requestedBy: 'ana',
          reason: 'late',
        }),
      ).toMatchObject([{ deploymentId: second.deploymentId, changed: true }]);
      const memory = world.container.stores.memory;
      const [node] = await memory.nodes({ kind: 'deployment', key: second.deploymentId, limit: 1 });
      const edges = (await memory.neighbours(node?.id ?? '')).map(({ edge }) => edge.kind);
      expect(edges.toSorted()).toEqual(['deployed_as', 'rolled_back_by']);
    });
  });

  it('is what cancelling the watch means: nothing stays live unwatched', async () => {
    await withWorker(async () => {
      const { deploymentId, approvalId, workflowId } = await asked(await world.improved());
      await decide(approvalId, 'approved');
      await until(
        async () => (await world.get(deploymentId)).watch?.pairs ?? 0,
        (pairs) => pairs > 0,
      );
      await temporal.env.client.workflow.getHandle(workflowId).cancel();
      await expect(result(workflowId)).rejects.toThrow('Workflow execution cancelled');
      expect(await world.get(deploymentId)).toMatchObject({
        state: 'rolled_back',
        endReason: 'its workflow was cancelled',
      });
    });
  });
});
