import { DomainError } from '../domain/errors';
import { RUN_OUTCOMES } from '../domain/experiment';
import { REPLAY_LANES, SIMULATION_VERDICTS } from '../domain/simulation';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, storableJson } from './columns';
import { publish, refuse } from './deployment-publish';
import { rollBack } from './deployment-rollback';
import { deploymentEvent, toDeployment } from './deployment-rows';
import { insertMissing, insertMissingWithBills } from './insert-rows';
import { toIntervention } from './intervention-store';
import { isUuid } from './record-cursor';
import { RUN_COLUMNS, runRow } from './recorded-run';
import type { Watch } from '../domain/harm-watch';
import type { SimulationResult } from '../domain/simulation';
import type {
  DeploymentCandidate,
  DeploymentStore,
  NewDeployment,
  StoredDeployment,
} from '../ports/deployment-store';
import type { PrismaClient, Transaction } from './client';

const DEPLOYMENTS = {
  table: 'deployments',
  columns: {
    id: 'uuid',
    intervention_id: 'uuid',
    simulation_id: 'uuid',
    channel: 'text',
    target: 'text',
    patch: 'jsonb',
    override_reason: 'text',
    workflow_id: 'text',
    requested_by: 'text',
  },
} as const;

const CANARIES = {
  table: 'canary_runs',
  columns: { ...RUN_COLUMNS, deployment_id: 'uuid', control: 'boolean', pair: 'integer', lane: 'text' },
} as const;

export function createDeploymentStore(prisma: PrismaClient): DeploymentStore {
  const find: DeploymentStore['find'] = async (id) => {
    const row = isUuid(id) ? await prisma.deployment.findUnique({ where: { id } }) : null;
    return row === null ? undefined : toDeployment(row);
  };
  return {
    candidate: (interventionId) => candidate(prisma, interventionId),
    open: (deployment) => prisma.$transaction((tx) => open(tx, deployment)),
    find,
    async get(id) {
      const found = await find(id);
      if (found === undefined) throw new DomainError('not_found', `there is no deployment ${id}`);
      return found;
    },
    async waitingApproval(workflowId) {
      const where = { workflowId, state: 'pending' };
      const row = await prisma.approval.findFirst({ where, orderBy: { createdAt: 'desc' } });
      return row?.id ?? null;
    },
    publish: (input) => prisma.$transaction((tx) => publish(tx, input)),
    refuse: (deployment, reason) => prisma.$transaction((tx) => refuse(tx, deployment, reason)),
    async canaries(deploymentId) {
      const rows = await prisma.canaryRun.findMany({
        where: { deploymentId },
        orderBy: [{ control: 'asc' }, { pair: 'asc' }],
        select: { control: true, pair: true, lane: true, outcome: true },
      });
      return rows.map(({ control, pair, lane, outcome }) => ({
        control,
        pair,
        lane: member(REPLAY_LANES, lane),
        outcome: member(RUN_OUTCOMES, outcome),
      }));
    },
    async recordCanaries(deploymentId, canaries, settlements) {
      const rows = canaries.map((canary) => ({
        ...runRow(canary),
        deployment_id: deploymentId,
        control: canary.control,
        pair: canary.pair,
        lane: canary.lane,
      }));
      await insertMissingWithBills(prisma, CANARIES, rows, settlements);
    },
    async saveWatch(deploymentId, watch) {
      await prisma.$executeRaw`
        UPDATE deployments SET watch = ${storableJson(watch)}::jsonb
        WHERE id = ${deploymentId}::uuid AND state = 'live'`;
    },
    keep: (deploymentId, watch) => prisma.$transaction((tx) => keep(tx, deploymentId, watch)),
    rollBack: (subject, why) => prisma.$transaction((tx) => rollBack(tx, subject, why)),
  };
}

async function candidate(prisma: PrismaClient, interventionId: string): Promise<DeploymentCandidate> {
  const row = isUuid(interventionId)
    ? await prisma.intervention.findUnique({
        where: { id: interventionId },
        include: {
          failure: { select: { target: true } },
          simulations: { where: { state: 'done' }, orderBy: [{ endedAt: 'desc' }, { id: 'desc' }], take: 1 },
        },
      })
    : null;
  if (row === null) throw new DomainError('not_found', `there is no intervention ${interventionId}`);
  const [latest] = row.simulations;
  return {
    intervention: toIntervention(row),
    cycleId: row.cycleId,
    target: row.failure.target,
    simulation:
      latest === undefined
        ? null
        : {
            id: latest.id,
            verdict: member(SIMULATION_VERDICTS, latest.verdict ?? ''),
            configurationDigest:
              fromJson<SimulationResult | null>(latest.result)?.configurationDigest ?? null,
          },
  };
}

/** The index over what is open decides between requests of the same instant. */
async function open(tx: Transaction, deployment: NewDeployment): Promise<StoredDeployment> {
  const { id, interventionId, channel } = deployment;
  const added = await insertMissing(tx, DEPLOYMENTS, [
    {
      id,
      intervention_id: interventionId,
      simulation_id: deployment.simulationId,
      channel,
      target: deployment.target,
      patch: deployment.patch,
      override_reason: deployment.overrideReason,
      workflow_id: deployment.workflowId,
      requested_by: deployment.requestedBy,
    },
  ]);
  if (added > 0) {
    const details = {
      target: deployment.target,
      simulation_id: deployment.simulationId,
      override_reason: deployment.overrideReason,
    };
    const event = deploymentEvent('deployment_requested', deployment.requestedBy, deployment, details);
    await appendInTransaction(tx, [event]);
  }
  const own = await tx.deployment.findUnique({ where: { id } });
  return toDeployment(
    own ??
      (await tx.deployment.findFirstOrThrow({
        where: { interventionId, channel, state: { notIn: ['rolled_back', 'refused'] } },
      })),
  );
}

async function keep(tx: Transaction, deploymentId: string, watch: Watch): Promise<void> {
  const kept = await tx.$executeRaw`
    UPDATE deployments SET state = 'kept', watch = ${storableJson(watch)}::jsonb
    WHERE id = ${deploymentId}::uuid AND state = 'live'`;
  if (kept === 0) return;
  const deployment = toDeployment(await tx.deployment.findUniqueOrThrow({ where: { id: deploymentId } }));
  await appendInTransaction(tx, [
    deploymentEvent('intervention_kept', 'workflow', deployment, {
      target: deployment.target,
      watch: { ...watch },
    }),
  ]);
}
