import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Activities } from '../../activities/contract';
import { loadConfig } from '../../src/config';
import { activitiesOf, openContainer, type Container, measuredOf } from '../../src/container';
import { gatewaysOf } from '../../src/gateways';
import type { Intervention, Patch } from '../../src/domain/intervention';
import { createMetrics } from '../../src/observability/metrics';
import type { ApprovalGateway } from '../../src/ports/cycle-gateway';
import type { DeploymentGateway } from '../../src/ports/deployment-gateway';
import type { StoredDeployment } from '../../src/ports/deployment-store';
import { createTestDatabase } from './postgres';
import { STAMP } from './stored-cycle';
import type { TemporalHarness } from './temporal';

/** A real database, real activities on one target, and a Temporal server of the caller's. */
export interface DeploymentWorld {
  readonly container: Container;
  readonly activities: Activities;
  readonly deployments: DeploymentGateway;
  readonly approvals: ApprovalGateway;
  /** Runs a cycle to its end, in lab; needs a worker. Gives an intervention that its replay has shown to improve. */
  improved(): Promise<Intervention>;
  /** Another intervention for the same failure, which no replay has looked at. */
  untried(beside: Intervention, patch: Patch): Promise<Intervention>;
  get(deploymentId: string): Promise<StoredDeployment>;
  /** Types of audit entries about a deployment, oldest first. */
  audited(deploymentId: string): Promise<string[]>;
  stop(): Promise<void>;
}

const REQUEST = {
  focus: 'logic_error',
  maxHypotheses: 1,
  maxExperiments: 1,
  runsPerExperiment: 4,
  replayPairs: 10,
  budgetMicroUsd: null,
};

export async function startDeployments(
  temporal: TemporalHarness,
  settings: Readonly<Record<string, unknown>> = {},
  target = 'demo',
): Promise<DeploymentWorld> {
  const database = await createTestDatabase();
  const home = await mkdtemp(join(tmpdir(), 'tinman-deployments-'));
  // JSON is YAML.
  await writeFile(join(home, 'tinman.yaml'), JSON.stringify(settings));
  const env = { TINMAN_DATABASE_URL: database.serviceUrl, TINMAN_HOME: home };
  const config = loadConfig({ cwd: home, env });
  const container = await openContainer(config, env);
  const metrics = createMetrics(measuredOf(container));
  const { client } = temporal.env;
  const { cycles, approvals, deployments } = gatewaysOf(container, client, temporal.taskQueue);
  const { stores, prisma } = container;
  return {
    container,
    activities: activitiesOf(container, config, metrics, new AbortController().signal),
    deployments,
    approvals,
    async improved() {
      const { cycleId, workflowId } = await cycles.start({ ...REQUEST, target }, 'ana');
      await client.workflow.getHandle(workflowId).result();
      const simulations = await stores.simulations.list(cycleId);
      const best = simulations.find(({ result }) => result?.verdict === 'improved');
      if (best === undefined) throw new Error(`nothing improved: ${JSON.stringify(simulations)}`);
      return stores.interventions.get(best.interventionId);
    },
    async untried(beside, patch) {
      const { cycleId } = await stores.deployments.candidate(beside.id);
      const ordinal = await prisma.intervention.count({ where: { failureId: beside.failureId } });
      const id = crypto.randomUUID();
      await stores.interventions.save(cycleId, [{ ...beside, id, ordinal, patch }], [], STAMP);
      return stores.interventions.get(id);
    },
    get: (deploymentId) => stores.deployments.get(deploymentId),
    async audited(subjectId) {
      const rows = await prisma.auditLog.findMany({ where: { subjectId }, orderBy: { createdAt: 'asc' } });
      return rows.map(({ eventType }) => eventType);
    },
    async stop() {
      await container.close();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
