import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { canonicalJson } from '../domain/canonical-json';
import { DomainError } from '../domain/errors';
import { toolActionType, type ToolExecution } from '../domain/tool';
import type {
  NewToolExecution,
  ToolAnswer,
  ToolExecutionStore,
  ToolGateway,
  ToolRequest,
} from '../ports/tool';
import { progressOf } from './progress';
import { temporalCall } from './temporal-call';

const WORKFLOW_TYPE = 'executeTool';
const PROGRESS_UPDATE = 'toolProgress';

interface Progress {
  readonly state: 'assessing' | 'waiting' | 'running' | 'ended';
  readonly message: string;
  readonly approvalId?: string;
  readonly blocked?: boolean;
}

interface Deps {
  readonly client: Client;
  readonly taskQueue: string;
  readonly executions: ToolExecutionStore;
  readonly recordId: (...parts: string[]) => string;
}

/** Calls of tools as workflows. */
export function createToolGateway(deps: Deps): ToolGateway {
  return {
    async execute(request) {
      const { tool, requestedBy, idempotencyKey, description = '', taskQueue } = request;
      const id =
        idempotencyKey === undefined
          ? randomUUID()
          : deps.recordId('tool_execution', requestedBy, idempotencyKey);
      const asked: NewToolExecution = {
        id,
        idempotencyKey: id,
        tool: tool.name,
        riskLevel: tool.riskLevel,
        actionType: toolActionType(tool.riskLevel, request.actionType),
        reversible: tool.reversible,
        description,
        arguments: request.arguments,
        requestedBy,
        workflowId: `tool-${tool.name}-${id}`,
        rollbackOf: null,
      };
      const standing = await deps.executions.open(asked);
      refuseOther(standing, request);
      return run(deps, standing, request.waitMs, taskQueue);
    },

    async ended(executionId) {
      const { workflowId } = await deps.executions.get(executionId);
      try {
        await deps.client.workflow.getHandle(workflowId).result();
      } catch (error) {
        // One that failed or was cancelled has ended as well: the record says as what.
        if (!(error instanceof WorkflowFailedError)) throw error;
      }
      return deps.executions.get(executionId);
    },

    async rollback({ executionId, requestedBy, waitMs, taskQueue }) {
      const original = await deps.executions.get(executionId);
      const { tool, riskLevel, actionType, status } = original;
      if (!original.reversible) throw conflict(`${tool} has no way back`);
      if (status !== 'succeeded') throw conflict(`the execution is ${status}: there is nothing to take back`);
      const failed = await deps.executions.failedRollbacks(executionId);
      const id = deps.recordId('tool_rollback', executionId, String(failed));
      const standing = await deps.executions.open({
        id,
        idempotencyKey: id,
        tool,
        riskLevel,
        actionType,
        reversible: false,
        description: `takes back ${executionId}`,
        arguments: original.arguments,
        requestedBy,
        workflowId: `tool-${tool}-${id}`,
        rollbackOf: executionId,
      });
      return run(deps, standing, waitMs, taskQueue);
    },
  };
}

function refuseOther(standing: ToolExecution, request: ToolRequest): void {
  const same =
    standing.tool === request.tool.name &&
    canonicalJson(standing.arguments) === canonicalJson(request.arguments);
  if (same) return;
  const message = 'this Idempotency-Key was used for another call';
  throw new DomainError('idempotency_conflict', message, { id: standing.id });
}

async function run(
  deps: Deps,
  execution: ToolExecution,
  waitMs: number,
  taskQueue: string | undefined,
): Promise<ToolAnswer> {
  const { id, workflowId, requestedBy, status } = execution;
  if (status !== 'requested' && status !== 'running') return { execution, approvalId: null };
  await start(deps, execution, {
    executionId: id,
    requestedBy,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
  const handle = deps.client.workflow.getHandle(workflowId);
  const progress = await news(deps, handle, waitMs);
  if (progress?.blocked === true) throw new DomainError('action_blocked', progress.message, { id });
  const approvalId =
    progress === undefined
      ? await deps.executions.waitingApproval(workflowId)
      : (progress.approvalId ?? null);
  return { execution: await deps.executions.get(id), approvalId };
}

/** Undefined when the time is over before there is news. */
async function news(
  { client }: Deps,
  handle: ReturnType<Client['workflow']['getHandle']>,
  waitMs: number,
): Promise<Progress | undefined> {
  try {
    return await progressOf<Progress>(client, handle, PROGRESS_UPDATE, 'the call may still be made', waitMs);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'not_ready') return undefined;
    throw error;
  }
}

async function start(
  { client, taskQueue }: Deps,
  { workflowId, tool, riskLevel, requestedBy }: ToolExecution,
  input: { readonly executionId: string; readonly requestedBy: string; readonly taskQueue?: string },
): Promise<void> {
  try {
    await temporalCall(() =>
      client.workflow.start(WORKFLOW_TYPE, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `Tool ${tool} (${riskLevel}) for ${requestedBy}`.slice(0, 180),
      }),
    );
  } catch (error) {
    // The same key a moment ago.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function conflict(message: string): DomainError {
  return new DomainError('state_conflict', message);
}
