import type { Client } from '@temporalio/client';
import { researcherStamp } from '../activities';
import type { Container } from './container';
import { recordId } from './persistence/record-id';
import type { ApprovalGateway, CycleGateway } from './ports/cycle-gateway';
import type { DeploymentGateway } from './ports/deployment-gateway';
import type { ModeGateway } from './ports/mode-gateway';
import type { ScheduleGateway } from './ports/schedules';
import type { ToolGateway } from './ports/tool';
import type { TraceUploads } from './ports/trace-uploads';
import { createApprovalGateway } from './temporal/approval-gateway';
import { createCycleGateway } from './temporal/cycle-gateway';
import { createDeploymentGateway } from './temporal/deployment-gateway';
import { createModeGateway } from './temporal/mode-gateway';
import { createScheduleGateway } from './temporal/schedule-gateway';
import { createToolGateway } from './temporal/tool-gateway';
import { createTraceUploads } from './temporal/trace-uploads';

/** The durable side of the API. */
export function gatewaysOf(
  { stores, targets, llm, library, reach, traces, schedules }: Container,
  client: Client,
  taskQueue: string,
): {
  readonly cycles: CycleGateway;
  readonly approvals: ApprovalGateway;
  readonly modes: ModeGateway;
  readonly deployments: DeploymentGateway;
  readonly toolCalls: ToolGateway;
  readonly uploads: TraceUploads;
  readonly schedules: ScheduleGateway;
} {
  const stamp = researcherStamp({ llm, library });
  const deployments = createDeploymentGateway({
    client,
    taskQueue,
    deployments: stores.deployments,
    recordId,
  });
  reach.deployments = deployments;
  return {
    cycles: createCycleGateway({ client, taskQueue, cycles: stores.cycles, targets, stamp, recordId }),
    approvals: createApprovalGateway({ client, approvals: stores.approvals }),
    modes: createModeGateway({ client, taskQueue, mode: stores.mode }),
    deployments,
    schedules: createScheduleGateway({ client, taskQueue, targets, records: schedules }),
    uploads: createTraceUploads({ client, taskQueue, intake: traces.intake, store: traces.uploads }),
    toolCalls: createToolGateway({ client, taskQueue, executions: stores.toolExecutions, recordId }),
  };
}
