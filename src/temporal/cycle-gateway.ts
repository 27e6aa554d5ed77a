import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { CycleInput, CycleRequest } from '../domain/cycle';
import { cycleHeading } from '../domain/cycle-heading';
import type { CycleHeading } from '../domain/cycle-heading';
import { DomainError } from '../domain/errors';
import type { CycleGateway, StartedCycle } from '../ports/cycle-gateway';
import type { CycleStore, ResearcherStamp } from '../ports/stores';
import type { TargetDirectory } from '../ports/target';
import { isEncrypted } from './connection';
import { hashOf } from './request-hash';
import { temporalCall } from './temporal-call';

const TARGET = defineSearchAttributeKey('TinmanTarget', 'KEYWORD');
const FOCUS = defineSearchAttributeKey('TinmanFocus', 'KEYWORD');
const WORKFLOW_TYPE = 'researchCycle';
const PAUSE_SIGNAL = 'pauseCycle';
const RESUME_SIGNAL = 'resumeCycle';

export interface CycleGatewayDeps {
  readonly client: Client;
  readonly taskQueue: string;
  readonly cycles: CycleStore;
  readonly targets: TargetDirectory;
  readonly stamp: ResearcherStamp;
  readonly recordId: (...parts: string[]) => string;
}

/** Starts and steers cycles over Temporal. */
export function createCycleGateway(deps: CycleGatewayDeps): CycleGateway {
  const { client, cycles } = deps;

  const handleOf = async (cycleId: string): Promise<WorkflowHandle> => {
    const cycle = await cycles.get(cycleId);
    if (cycle.state !== 'running') {
      throw new DomainError('cycle_already_ended', `cycle ${cycleId} has ended as ${cycle.state}`, {
        state: cycle.state,
      });
    }
    return client.workflow.getHandle(cycle.workflowId);
  };

  return {
    start: (request, requestedBy, idempotencyKey) => start(deps, request, requestedBy, idempotencyKey),
    async waitForEnd(cycleId, timeoutMs, signal) {
      const { workflowId, state } = await cycles.get(cycleId);
      if (state !== 'running') return true;
      if (signal.aborted) return false;
      try {
        await endOf(client, workflowId, Date.now() + timeoutMs, signal);
      } catch {
        // A cycle that failed or was cancelled has ended too; only the clock and the signal say otherwise.
        return !signal.aborted && (await cycles.get(cycleId)).state !== 'running';
      }
      return true;
    },
    async cancel(cycleId) {
      const handle = await handleOf(cycleId);
      try {
        await temporalCall(() => handle.cancel());
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'cycle_already_ended') throw error;
        // Its row says that it runs: after a restore without Temporal's history there is nobody else to end it.
        await endWithoutWorkflow(deps, cycleId);
      }
    },
    async setPaused(cycleId, paused) {
      const handle = await handleOf(cycleId);
      await temporalCall(() => handle.signal(paused ? PAUSE_SIGNAL : RESUME_SIGNAL));
    },
  };
}

/**
 * No call may outlive the connection: the SDK tries it again from a timer, and what that throws ends the process. The
 * SDK leaves a listener on the signal with every call, so it is given one of its own.
 */
function endOf(client: Client, workflowId: string, deadline: number, signal: AbortSignal): Promise<unknown> {
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  return client.withAbortSignal(own, () =>
    client.withDeadline(deadline, () => client.workflow.getHandle(workflowId).result()),
  );
}

async function start(
  deps: CycleGatewayDeps,
  request: CycleRequest,
  requestedBy: string,
  idempotencyKey?: string,
): Promise<StartedCycle> {
  deps.targets.get(request.target);
  const requestHash = hashOf(request);
  const cycleId =
    idempotencyKey === undefined ? randomUUID() : deps.recordId('cycle', requestedBy, idempotencyKey);
  const input: CycleInput = { cycleId, request, requestedBy, requestHash };
  const heading = cycleHeading(input);
  const { workflowId } = heading;
  const existing = idempotencyKey === undefined ? undefined : await deps.cycles.find(cycleId);
  if (existing !== undefined) {
    if (existing.requestHash !== requestHash) {
      throw new DomainError('idempotency_conflict', 'this Idempotency-Key was used for another request', {
        id: cycleId,
      });
    }
    return { cycleId, workflowId: existing.workflowId, created: false };
  }
  try {
    await temporalCall(() => startWorkflow(deps, input, heading));
  } catch (error) {
    // The same key a moment ago: the row below makes both answers the same.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const cycle = await deps.cycles.open({ ...input, workflowId, ...deps.stamp });
  if (cycle.requestHash !== requestHash) {
    throw new DomainError('idempotency_conflict', 'this Idempotency-Key was used for another request', {
      id: cycleId,
    });
  }
  return { cycleId, workflowId, created: true };
}

async function endWithoutWorkflow({ cycles }: CycleGatewayDeps, cycleId: string): Promise<void> {
  const { phase } = await cycles.progress(cycleId);
  await cycles.close(cycleId, 'cancelled', phase, 'Temporal knows no open workflow of this cycle');
}

function startWorkflow(
  deps: CycleGatewayDeps,
  input: CycleInput,
  heading: CycleHeading,
): Promise<WorkflowHandle> {
  const { workflowId, topic, summary, details } = heading;
  return deps.client.workflow.start(WORKFLOW_TYPE, {
    workflowId,
    taskQueue: deps.taskQueue,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    staticSummary: summary,
    staticDetails: details,
    typedSearchAttributes: [
      { key: TARGET, value: input.request.target },
      // Search attributes are never encrypted, and the focus is whatever people write.
      ...(isEncrypted(deps.client) ? [] : [{ key: FOCUS, value: topic }]),
    ],
  });
}
