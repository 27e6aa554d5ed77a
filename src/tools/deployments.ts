import { CHANNELS } from '../domain/deployment';
import type { DeploymentGateway } from '../ports/deployment-gateway';
import type { Tool } from '../ports/tool';
import { textArgument } from './text-argument';

const TIMEOUT_MS = 60_000;
const uuid = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' } as const;

/** Asks for an intervention to go live: it does when a person approves that as well. */
export function createDeployTool(deployments: () => DeploymentGateway): Tool {
  return {
    name: 'deploy_intervention',
    description: 'Asks for an intervention to go live on a channel; a person decides, and it is watched.',
    riskLevel: 'medium',
    reversible: true,
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    parameters: {
      type: 'object',
      properties: { intervention_id: uuid, channel: { enum: [...CHANNELS] } },
      required: ['intervention_id', 'channel'],
      additionalProperties: false,
    },
    execute: async (args, { requestedBy, executionId }) => {
      const channel = CHANNELS.find((name) => name === args['channel']) ?? 'shadow';
      const asked = await deployments().request({
        interventionId: textArgument(args, 'intervention_id'),
        channel,
        requestedBy,
        idempotencyKey: executionId,
      });
      const { deploymentId, approvalId, workflowId } = asked;
      return { deployment_id: deploymentId, approval_id: approvalId, workflow_id: workflowId };
    },
    rollback: async (args, _result, { requestedBy, executionId }) =>
      rolledBack(
        deployments(),
        textArgument(args, 'intervention_id'),
        requestedBy,
        `execution ${executionId}`,
      ),
  };
}

/** Takes an intervention back wherever it is live. */
export function createRollbackTool(deployments: () => DeploymentGateway): Tool {
  return {
    name: 'rollback_intervention',
    description: 'Takes an intervention back, on every channel where it is live.',
    riskLevel: 'low',
    reversible: false,
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    parameters: {
      type: 'object',
      properties: { intervention_id: uuid, reason: { type: 'string', minLength: 1, maxLength: 2_000 } },
      required: ['intervention_id', 'reason'],
      additionalProperties: false,
    },
    execute: async (args, { requestedBy }) =>
      rolledBack(
        deployments(),
        textArgument(args, 'intervention_id'),
        requestedBy,
        textArgument(args, 'reason'),
      ),
  };
}

async function rolledBack(
  deployments: DeploymentGateway,
  interventionId: string,
  requestedBy: string,
  reason: string,
): Promise<{ readonly deployments: { readonly deployment_id: string; readonly changed: boolean }[] }> {
  const taken = await deployments.rollback({ interventionId, requestedBy, reason });
  return {
    deployments: taken.map(({ deploymentId, changed }) => ({ deployment_id: deploymentId, changed })),
  };
}
