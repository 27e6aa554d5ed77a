import { graphOfRollback } from '../domain/deployment-graph';
import { DomainError } from '../domain/errors';
import { appendInTransaction } from './audit-trail';
import { storableJson, storableText } from './columns';
import { deploymentEvent, scribeNow, toDeployment } from './deployment-rows';
import { writeGraph } from './memory-store';
import type { RollbackSubject } from '../ports/deployment-gateway';
import type { DeploymentStore, StoredDeployment } from '../ports/deployment-store';
import type { Transaction } from './client';

type Why = Parameters<DeploymentStore['rollBack']>[1];
type RolledBack = Awaited<ReturnType<DeploymentStore['rollBack']>>;

const EVER_LIVE: readonly string[] = ['live', 'kept', 'rolled_back'];

/** See `DeploymentStore.rollBack`. Rows are locked in the order of their ids. */
export async function rollBack(tx: Transaction, subject: RollbackSubject, why: Why): Promise<RolledBack> {
  const deployments = await locked(tx, subject);
  const live = deployments.filter(({ state }) => state === 'live' || state === 'kept');
  // What is live is taken back; where nothing is, whoever asks again is told what was.
  const meant = live.length > 0 ? live : deployments.filter(({ state }) => EVER_LIVE.includes(state));
  if (meant.length === 0) throw neverLive(deployments);
  for (const deployment of live) await takeBack(tx, deployment, why);
  return meant.map(({ id, interventionId, channel, target, workflowId }) => ({
    deploymentId: id,
    interventionId,
    channel,
    target,
    workflowId,
    changed: live.length > 0,
  }));
}

async function locked(tx: Transaction, subject: RollbackSubject): Promise<readonly StoredDeployment[]> {
  const where =
    'deploymentId' in subject ? { id: subject.deploymentId } : { interventionId: subject.interventionId };
  const ids = (await tx.deployment.findMany({ where, select: { id: true } })).map(({ id }) => id);
  if (ids.length === 0) await requireIntervention(tx, subject);
  await tx.$executeRaw`SELECT 1 FROM deployments WHERE id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE`;
  const rows = await tx.deployment.findMany({
    where: { id: { in: ids } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  return rows.map(toDeployment);
}

async function requireIntervention(tx: Transaction, subject: RollbackSubject): Promise<void> {
  if ('deploymentId' in subject) {
    throw new DomainError('not_found', `there is no deployment ${subject.deploymentId}`);
  }
  const { interventionId } = subject;
  if ((await tx.intervention.count({ where: { id: interventionId } })) === 0) {
    throw new DomainError('not_found', `there is no intervention ${interventionId}`);
  }
}

function neverLive(deployments: readonly StoredDeployment[]): DomainError {
  const waiting = deployments.find(({ state }) => state === 'requested');
  return new DomainError(
    'state_conflict',
    waiting === undefined
      ? 'it never went live: there is nothing to take back'
      : `deployment ${waiting.id} waits for a person and is not live: reject its approval`,
  );
}

async function takeBack(tx: Transaction, deployment: StoredDeployment, why: Why): Promise<void> {
  const { id, target, state } = deployment;
  const by = storableText(why.by);
  const reason = storableText(why.reason);
  const watch = why.watch ?? deployment.watch;
  await tx.$executeRaw`
    UPDATE deployments
    SET state = 'rolled_back', end_reason = ${reason}, ended_at = now(), watch = ${storableJson(watch)}::jsonb
    WHERE id = ${id}::uuid`;
  await appendInTransaction(tx, [
    deploymentEvent('intervention_rolled_back', by, deployment, {
      target,
      was: state,
      reason,
      watch: watch === null ? null : { ...watch },
    }),
  ]);
  await writeGraph(tx, graphOfRollback(deployment, { by, reason }, scribeNow()));
}
