import { graphOfDeployment } from '../domain/deployment-graph';
import { DomainError } from '../domain/errors';
import { MODES, stricterMode } from '../domain/mode';
import { withdrawApprovals } from './approval-withdrawal';
import { appendInTransaction } from './audit-trail';
import { member, storableJson, storableText } from './columns';
import { deploymentEvent, scribeNow, toDeployment } from './deployment-rows';
import { toIntervention } from './intervention-store';
import { writeGraph } from './memory-store';
import type { GateVerdict } from '../domain/approval';
import type { DeploymentStore, Publication, StoredDeployment } from '../ports/deployment-store';
import type { Transaction } from './client';

type PublishInput = Parameters<DeploymentStore['publish']>[0];
type Refused = Parameters<DeploymentStore['refuse']>[0];

/** See `DeploymentStore.publish`. The deployment's row is locked: a rollback comes before or after, never in between. */
export async function publish(
  tx: Transaction,
  { deploymentId, gate, watch }: PublishInput,
): Promise<Publication> {
  await tx.$executeRaw`SELECT 1 FROM deployments WHERE id = ${deploymentId}::uuid FOR UPDATE`;
  const row = await tx.deployment.findUniqueOrThrow({
    where: { id: deploymentId },
    include: { intervention: true },
  });
  const deployment = toDeployment(row);
  if (deployment.state === 'live' || deployment.state === 'kept') return { outcome: 'published' };
  const refusal = await barredNow(tx, deployment, gate);
  if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
  await tx.$executeRaw`
    UPDATE deployments SET state = 'live', published_at = now(), watch = ${storableJson(watch)}::jsonb
    WHERE id = ${deploymentId}::uuid`;
  await appendInTransaction(tx, [
    deploymentEvent('intervention_deployed', deployment.requestedBy, deployment, {
      target: deployment.target,
      type: deployment.patch.type,
      simulation_id: deployment.simulationId,
      override_reason: deployment.overrideReason,
      approval_id: gate.approvalId,
      action_digest: gate.actionDigest,
      watched_until: watch.endsAt,
    }),
  ]);
  const { cycleId } = row.intervention;
  await writeGraph(tx, graphOfDeployment(deployment, toIntervention(row.intervention), cycleId, scribeNow()));
  return { outcome: 'published' };
}

/** Why what was approved may not go live now. */
async function barredNow(
  tx: Transaction,
  { state, channel }: StoredDeployment,
  gate: GateVerdict,
): Promise<string | undefined> {
  if (state !== 'requested') return `it is ${state} already`;
  const approval = await tx.approval.findUnique({ where: { id: gate.approvalId } });
  if (approval?.state !== 'approved' || approval.actionDigest !== gate.actionDigest) {
    return 'no approval stands for exactly this';
  }
  const [row] = await tx.$queryRaw<{ mode: string; version: number }[]>`
    SELECT mode, version FROM mode_state WHERE id = 1 FOR SHARE`;
  const mode = member(MODES, row?.mode ?? '');
  if (channel === 'production' && mode !== 'production') return `the mode is ${mode} now`;
  if (stricterMode(channel, mode) !== gate.mode) {
    throw new DomainError('mode_changed', 'the mode changed since this was approved');
  }
  return undefined;
}

/** See `DeploymentStore.refuse`. */
export async function refuse(tx: Transaction, refused: Refused, reason: string): Promise<void> {
  const { id, workflowId, requestedBy, overrideReason } = refused;
  await tx.deployment.updateMany({
    where: { id, state: 'requested' },
    data: { state: 'refused', endReason: storableText(reason), endedAt: new Date() },
  });
  await appendInTransaction(tx, [
    ...(await withdrawApprovals(tx, workflowId, reason)),
    deploymentEvent('deployment_refused', requestedBy, refused, {
      reason: storableText(reason),
      override_reason: overrideReason,
    }),
  ]);
}
