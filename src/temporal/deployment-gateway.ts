import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { DomainError } from '../domain/errors';
import type { DomainErrorCode } from '../domain/errors';
import type { DeploymentGateway, DeploymentRequest, RequestedDeployment } from '../ports/deployment-gateway';
import type { DeploymentStore, StoredDeployment } from '../ports/deployment-store';
import { progressOf } from './progress';
import { temporalCall } from './temporal-call';

const WORKFLOW_TYPE = 'deployIntervention';
const PROGRESS_UPDATE = 'deploymentProgress';
const WITHDRAW_SIGNAL = 'withdrawDeployment';
const SIGNAL_TIMEOUT_MS = 2_000;

/** What the workflow tells of itself. */
interface Progress {
  readonly state: string;
  readonly message: string;
  readonly code?: DomainErrorCode;
  readonly approvalId?: string;
}

interface Deps {
  readonly client: Client;
  readonly taskQueue: string;
  readonly deployments: DeploymentStore;
  readonly recordId: (...parts: string[]) => string;
}

/** Deployments as workflows; the way back as one transaction. */
export function createDeploymentGateway(deps: Deps): DeploymentGateway {
  return {
    request: (request) => requested(deps, request),

    async rollback({ requestedBy, reason, ...subject }) {
      const rolledBack = await deps.deployments.rollBack(subject, { by: requestedBy, reason });
      return Promise.all(
        rolledBack.map(async ({ workflowId, ...deployment }) => {
          // The record stands already; the signal only lets a watch that goes on know at once.
          if (deployment.changed) await withdraw(deps.client, workflowId).catch(() => undefined);
          return deployment;
        }),
      );
    },
  };
}

async function requested(deps: Deps, request: DeploymentRequest): Promise<RequestedDeployment> {
  const { interventionId, channel, requestedBy, idempotencyKey: key } = request;
  const { target } = await deps.deployments.candidate(interventionId);
  const deploymentId = key === undefined ? randomUUID() : deps.recordId('deployment', requestedBy, key);
  const earlier = key === undefined ? undefined : await deps.deployments.find(deploymentId);
  if (earlier !== undefined) return answerAgain(deps, earlier, request);
  const workflowId = `deploy-${target}-${channel}-${deploymentId}`;
  const created = await start(deps, request, { deploymentId, workflowId, target });
  const progress = await progressOf<Progress>(
    deps.client,
    deps.client.workflow.getHandle(workflowId),
    PROGRESS_UPDATE,
    'the deployment may still be asked for',
  );
  if (progress.state === 'refused') {
    throw new DomainError(progress.code ?? 'state_conflict', progress.message, { deploymentId });
  }
  if (!created) return answerAgain(deps, await deps.deployments.get(deploymentId), request);
  return { deploymentId, workflowId, created, approvalId: progress.approvalId ?? null };
}

/** @throws {DomainError} `idempotency_conflict` when the key was used for another request. */
async function answerAgain(
  { deployments }: Deps,
  { id: deploymentId, interventionId, channel, overrideReason, workflowId }: StoredDeployment,
  request: DeploymentRequest,
): Promise<RequestedDeployment> {
  const same =
    interventionId === request.interventionId &&
    channel === request.channel &&
    overrideReason === (request.override?.reason ?? null);
  if (!same) {
    const message = 'this Idempotency-Key was used for another deployment';
    throw new DomainError('idempotency_conflict', message, { id: deploymentId });
  }
  const approvalId = await deployments.waitingApproval(workflowId);
  return { deploymentId, workflowId, created: false, approvalId };
}

/** False when it was started already: the same key a moment ago. */
async function start(
  { client, taskQueue }: Deps,
  { interventionId, channel, requestedBy, override }: DeploymentRequest,
  names: { readonly deploymentId: string; readonly workflowId: string; readonly target: string },
): Promise<boolean> {
  const { deploymentId, workflowId, target } = names;
  const overrideReason = override?.reason ?? null;
  const input = { deploymentId, interventionId, channel, requestedBy, overrideReason, workflowId };
  try {
    await temporalCall(() =>
      client.workflow.start(WORKFLOW_TYPE, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `Deployment for ${target} on the channel ${channel}`,
        staticDetails: [
          `- intervention \`${interventionId}\``,
          `- deployment \`${deploymentId}\``,
          `- requested by ${requestedBy}`,
        ].join('\n'),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}

function withdraw(client: Client, workflowId: string): Promise<void> {
  return client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
    client.workflow.getHandle(workflowId).signal(WITHDRAW_SIGNAL),
  );
}
