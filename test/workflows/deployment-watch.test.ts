import type { DeploymentActivities, DeploymentInput } from '../../activities/contract';
import { serveDemoTarget, type DemoServer } from '../../src/targets/demo/server';
import { createDemoTarget } from '../../src/targets/demo';
import { deployIntervention } from '../../workflows';
import { until } from '../e2e/research-client';
import { startDeployments, type DeploymentWorld } from '../support/deployment-world';
import { startDevServer, startTimeSkipping, type TemporalHarness } from '../support/temporal';
import { standIns, step, verdict } from './stand-in-activities';

jest.setTimeout(60_000);

const BEN = { name: 'ben', role: 'approver', keyId: null } as const;
const HOUR_MS = 3_600_000;

describe('a watch of a day', () => {
  let temporal: TemporalHarness;
  beforeAll(async () => void (temporal = await startTimeSkipping()), 120_000);
  afterAll(() => temporal?.stop());

  const input: DeploymentInput = {
    deploymentId: 'd',
    interventionId: 'i',
    channel: 'shadow',
    requestedBy: 'ana',
    overrideReason: null,
    workflowId: 'deploy-test',
  };

  interface Played {
    readonly rounds: number[];
    readonly told: string[];
    /** Hours of the workflow's clock from going live to the end. */
    hours: number;
  }

  /** Runs it with stand-ins; `round` says what came of a round of canaries. */
  async function run(
    round: (number: number, call: number) => { readonly paused: boolean; readonly pairs: number },
    gate: 'go' | 'wait' = 'go',
  ): Promise<Played & { readonly outcome: unknown }> {
    const played: Played = { rounds: [], told: [], hours: 0 };
    let liveAt = 0;
    const clock = (): Promise<number> => temporal.env.currentTimeMs();
    const activities: DeploymentActivities = {
      openDeployment: () =>
        Promise.resolve({
          outcome: 'opened',
          action: step('d').action,
          plan: { watchMs: 24 * HOUR_MS, watchReplays: 30, executionTimeoutMs: 60_000 },
          blockedHint: null,
        }),
      async publishDeployment() {
        liveAt = await clock();
        return { outcome: 'published' };
      },
      async abandonDeployment({ reason }) {
        played.told.push(reason);
      },
      async replayCanaries({ round: number }) {
        const { paused, pairs } = round(number, played.rounds.length);
        played.rounds.push(number);
        return { live: true, harm: false, paused, pairs };
      },
      async concludeWatch() {
        played.hours = ((await clock()) - liveAt) / HOUR_MS;
        return { state: 'kept', message: 'concluded' };
      },
    };
    const deadline = (await clock()) + 24 * HOUR_MS;
    const gated = standIns({
      assessActions: ({ actions }) =>
        Promise.resolve(
          actions.map((action) => verdict(action, gate, gate === 'wait' ? deadline : undefined)),
        ),
    });
    const workflowId = `deploy-${crypto.randomUUID()}`;
    const outcome = await temporal.withActivities({ ...gated.activities, ...activities }, () =>
      temporal.env.client.workflow.execute(deployIntervention, {
        workflowId,
        taskQueue: temporal.taskQueue,
        args: [{ ...input, workflowId }],
      }),
    );
    return { ...played, outcome };
  }

  it('is spread over the day and ends with the thirtieth pair', async () => {
    const { rounds, hours, outcome } = await run((number) => ({ paused: false, pairs: 2 * (number + 1) }));
    expect(outcome).toMatchObject({ state: 'kept' });
    expect(rounds).toEqual(Array.from({ length: 15 }, (_, round) => round));
    expect(hours).toBeGreaterThan(17);
    expect(hours).toBeLessThan(19);
  });

  it('ends after a day when pairs cannot be assessed', async () => {
    const { rounds, hours } = await run(() => ({ paused: false, pairs: 0 }));
    expect(rounds).toHaveLength(19);
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThan(24.5);
  });

  it('goes on later with a round for which there was no budget', async () => {
    const { rounds } = await run((number, call) => ({ paused: call < 3, pairs: 2 * (number + 1) }));
    expect(rounds.slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
    expect(rounds).toHaveLength(18);
  });

  it('never begins when the approval expires', async () => {
    const { rounds, told, outcome } = await run(() => ({ paused: false, pairs: 0 }), 'wait');
    expect(outcome).toMatchObject({ state: 'refused' });
    expect(told).toEqual(['nobody decided before the deadline']);
    expect(rounds).toEqual([]);
  });
});

describe('canaries on a priced target', () => {
  let temporal: TemporalHarness;
  let application: DemoServer;
  let world: DeploymentWorld;
  beforeAll(async () => {
    // Each run of the workflow hands over to the next after a few events.
    temporal = await startDevServer(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=30']);
  }, 120_000);
  beforeEach(async () => {
    application = await serveDemoTarget({ port: 0 });
  });
  afterEach(async () => {
    await world?.stop();
    await application?.close();
  });
  afterAll(() => temporal?.stop());

  async function open(watchMs: number): Promise<void> {
    const live = {
      kind: 'openai',
      base_url: `${application.url}/v1`,
      model: 'demo-1',
      system_prompt: createDemoTarget().describe.configuration.systemPrompt,
      price: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 },
    };
    const deployment = { watch_hours: watchMs / HOUR_MS };
    world = await startDeployments(temporal, { targets: { live }, deployment }, 'live');
  }

  async function goLive() {
    const intervention = await world.improved();
    const requested = await world.deployments.request({
      interventionId: intervention.id,
      channel: 'shadow',
      requestedBy: 'ana',
    });
    const approval_id = requested.approvalId ?? '';
    await world.approvals.decide({ approval_id, decision: 'approved', decided_by: 'ben' }, BEN);
    return requested;
  }
  const ended = ({ workflowId }: { readonly workflowId: string }): Promise<unknown> =>
    temporal.env.client.workflow.getHandle(workflowId).result();

  it('are paid for by the global budget alone, pause while that is exhausted, and say so', async () => {
    await open(10_000);
    await temporal.withActivities(world.activities, async () => {
      const { prisma } = world.container;
      const requested = await goLive();
      const { deploymentId } = requested;
      const watch = async () => (await world.get(deploymentId)).watch;
      await until(watch, (now) => (now?.pairs ?? 0) >= 4);
      await prisma.budgetPeriod.updateMany({
        where: { budget: { scope: 'global' } },
        data: { overrun: true },
      });
      const paused = await until(watch, (now) => now?.paused !== null);
      expect(paused).toMatchObject({ verdict: 'watching', paused: 'no room in the budget global' });
      expect(await world.get(deploymentId)).toMatchObject({ state: 'live' });
      await prisma.budgetPeriod.updateMany({
        where: { budget: { scope: 'global' } },
        data: { overrun: false },
      });
      await until(watch, (now) => now?.paused === null && now.pairs > (paused?.pairs ?? 0));

      expect(await ended(requested)).toMatchObject({ state: 'kept' });
      const canaries = await prisma.canaryRun.findMany({ where: { deploymentId } });
      expect(canaries.filter(({ outcome }) => outcome === 'unassessed')).toEqual([]);
      const bills = await prisma.costEntry.findMany({ where: { operation: { startsWith: 'canary/' } } });
      expect(bills.every(({ state, cycleId }) => state === 'settled' && cycleId === null)).toBe(true);
      expect(bills).toHaveLength(canaries.length);
      const spent = canaries.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0n);
      expect(bills.reduce((sum, { settledMicroUsd }) => sum + (settledMicroUsd ?? 0n), 0n)).toBe(spent);
    });
  });

  it('that cannot be assessed are no harm: it is kept, and the watch says that it was inconclusive', async () => {
    await open(10_000);
    await temporal.withActivities(world.activities, async () => {
      const requested = await goLive();
      await until(
        async () => (await world.get(requested.deploymentId)).watch?.pairs ?? 0,
        (pairs) => pairs >= 2,
      );
      await application.close();
      expect(await ended(requested)).toMatchObject({ state: 'kept' });
      const { watch } = await world.get(requested.deploymentId);
      expect(watch).toMatchObject({ verdict: 'inconclusive', paused: null });
      expect(watch?.unassessedPairs).toBeGreaterThan(0);
      expect(watch?.reason).toContain('Too few canaries could be assessed');
    });
  });

  it('go on under another worker, each played once', async () => {
    // Longer than a worker can take to end and another to begin.
    await open(30_000);
    const requested = await temporal.withActivities(world.activities, async () => {
      const live = await goLive();
      await until(
        async () => (await world.get(live.deploymentId)).watch?.pairs ?? 0,
        (pairs) => pairs >= 6,
      );
      return live;
    });
    await temporal.withActivities(world.activities, async () => {
      expect(await ended(requested)).toMatchObject({ state: 'kept' });
    });
    const runs = temporal.env.client.workflow.list({ query: `WorkflowId = '${requested.workflowId}'` });
    const ids = [];
    for await (const { runId } of runs) ids.push(runId);
    expect(ids.length).toBeGreaterThan(1);
    const { pairs, unassessedPairs } = (await world.get(requested.deploymentId)).watch ?? {};
    expect({ pairs, unassessedPairs }).toEqual({ pairs: 30, unassessedPairs: 0 });
    const { prisma } = world.container;
    const { deploymentId } = requested;
    expect(await prisma.canaryRun.count({ where: { deploymentId } })).toBe(60);
    const seeds = await prisma.canaryRun.groupBy({ by: ['seed', 'control'], where: { deploymentId } });
    expect(seeds).toHaveLength(30);
  });
});
