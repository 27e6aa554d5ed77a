import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client, WorkflowHandleWithStartDetails } from '@temporalio/client';
import { DomainError } from '../domain/errors';
import type { Mode } from '../domain/mode';
import type { ModeGateway, TransitionAnswer } from '../ports/mode-gateway';
import type { ModeStore } from '../ports/stores';
import { answered, progressOf } from './progress';
import { temporalCall } from './temporal-call';

/** One transition is open at a time: they share this id. */
const WORKFLOW_ID = 'mode-transition';
const WORKFLOW_TYPE = 'modeTransition';
const PROGRESS_UPDATE = 'transitionProgress';
const SUPERSEDE_SIGNAL = 'supersedeTransition';
const STATUS_QUERY = 'status';
const SIGNAL_TIMEOUT_MS = 2_000;
const MAY_STILL = 'the transition may still come about';

/** What the workflow tells of itself. */
interface Progress {
  readonly state: 'checking' | 'waiting' | 'done' | 'refused';
  readonly from?: Mode;
  readonly to: Mode;
  readonly message: string;
  readonly approvalId?: string;
}

interface Request {
  readonly to: Mode;
  readonly comment: string | null;
  readonly requestedBy: string;
}

/** Transitions as workflows; the way back from production as one transaction. */
export function createModeGateway(deps: {
  readonly client: Client;
  readonly taskQueue: string;
  readonly mode: ModeStore;
}): ModeGateway {
  const { client, mode } = deps;
  const rollback: ModeGateway['rollback'] = async (input) => {
    const { changed, withdrawn, mode: now } = await mode.forceShadow(input);
    // The record already bars a transition that waits; the signal only lets its workflow know at once.
    await supersedeTransition(client).catch(() => undefined);
    return { changed, withdrawn, mode: now.mode };
  };
  return {
    rollback,

    async request(input) {
      const { mode: from } = await mode.current();
      if (from === 'production' && input.to === 'shadow') {
        const { requestedBy, comment } = input;
        const { changed } = await rollback({ requestedBy, reason: comment ?? 'requested' });
        if (!changed) throw notAllowed(from, input.to, 'the mode is shadow already');
        return { state: 'done', from, to: 'shadow', message: 'the mode is shadow now' };
      }
      const handle = await begin(deps, input);
      return answerOf(
        await progressOf<Progress>(client, handle, PROGRESS_UPDATE, MAY_STILL),
        handle.workflowId,
      );
    },
  };
}

type Handle = WorkflowHandleWithStartDetails;

async function begin(
  deps: { readonly client: Client; readonly taskQueue: string; readonly mode: ModeStore },
  input: Request,
): Promise<Handle> {
  try {
    return await start(deps.client, deps.taskQueue, input);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { mode: now } = await deps.mode.current();
    const waiting = await deps.mode.waiting();
    if (await deps.mode.lastWithdrawn()) {
      if (await wakeWithdrawn(deps.client)) return begin(deps, input);
    }
    const reason =
      waiting === undefined
        ? 'another transition is under way'
        : `another transition waits for approval ${waiting.approvalId}`;
    throw notAllowed(now, input.to, reason);
  }
}

/**
 * A rollback withdraws the approval of a transition even while Temporal is down; its workflow, which could not be told,
 * is told now. False when there is none such.
 */
async function wakeWithdrawn(client: Client): Promise<boolean> {
  const handle = client.workflow.getHandle(WORKFLOW_ID);
  const { state } = await answered(client, () => handle.query<Progress>(STATUS_QUERY), MAY_STILL);
  if (state !== 'waiting') return false;
  await supersedeTransition(client);
  await answered(client, () => handle.result(), MAY_STILL);
  return true;
}

function start(client: Client, taskQueue: string, input: Request): Promise<Handle> {
  return temporalCall(() =>
    client.workflow.start(WORKFLOW_TYPE, {
      workflowId: WORKFLOW_ID,
      taskQueue,
      args: [{ ...input, transitionId: randomUUID(), workflowId: WORKFLOW_ID }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `Mode transition to ${input.to}`,
    }),
  );
}

function answerOf(progress: Progress, workflowId: string): TransitionAnswer {
  const { state, to, message, approvalId } = progress;
  const from = progress.from ?? to;
  if (state === 'done') return { state, from, to, message };
  if (state === 'waiting' && approvalId !== undefined) {
    return { state, from, to, message, approvalId, workflowId };
  }
  throw notAllowed(from, to, message);
}

/** Lets a transition that waits know that the mode was rolled back. @throws when there is none, or Temporal does not answer. */
export function supersedeTransition(client: Client): Promise<void> {
  return client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
    client.workflow.getHandle(WORKFLOW_ID).signal(SUPERSEDE_SIGNAL),
  );
}

function notAllowed(from: Mode, to: Mode, blockedReason: string): DomainError {
  return new DomainError('transition_not_allowed', `the mode stays ${from}: ${blockedReason}`, {
    fromMode: from,
    toMode: to,
    blockedReason,
  });
}
