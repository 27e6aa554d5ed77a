import * as wf from '@temporalio/workflow';
import type { ToolInput } from '../activities/contract';
import type { GateVerdict } from '../src/domain/approval';
import { DomainError } from '../src/domain/errors';
import { toolProgressQuery, toolProgressUpdate } from './messages';
import type { ToolProgress } from './messages';
import { quick, toolCall, witnessed } from './support/activities';
import { ApprovalDesk } from './support/approval-desk';
import { failureType, rootMessage } from './support/failures';
import { passGate } from './support/gate';

wf.setWorkflowOptions({ failureExceptionTypes: [DomainError] }, executeTool);

/** Refusals of the executor after which the gate is asked again: what it said no longer holds. */
const ASSESSED_ANEW: ReadonlySet<string | undefined> = new Set(['mode_changed', 'policy_changed']);

/** One call of a tool: assessed, approved where it must be, done at most once, recorded. */
export async function executeTool(input: ToolInput): Promise<ToolProgress> {
  const { executionId, requestedBy } = input;
  let progress: ToolProgress = { state: 'assessing', message: 'at the gate' };
  const show = (next: ToolProgress): ToolProgress => {
    progress = next;
    wf.log.info('tool call', { execution_id: executionId, ...next });
    wf.setCurrentDetails(`**${next.state}**\n\n${next.message}`);
    return next;
  };
  const desk = new ApprovalDesk(witnessed.recordApproval, () => {
    const waiting = desk.list().find(({ state }) => state === 'pending');
    if (waiting !== undefined) {
      show({ state: 'waiting', message: 'waits for an approval', approvalId: waiting.id });
    }
  });
  wf.setHandler(toolProgressQuery, () => progress);
  wf.setHandler(toolProgressUpdate, async () => {
    await wf.condition(() => progress.state === 'waiting' || progress.state === 'ended');
    return progress;
  });

  const refuse = async (message: string, blocked: boolean): Promise<void> => {
    desk.withdrawAll(message);
    await wf.CancellationScope.nonCancellable(() => quick.refuseTool({ executionId, reason: message }));
    show({ state: 'ended', message, ...(blocked ? { blocked } : {}) });
  };
  const run = async (gate: GateVerdict | null): Promise<'assess anew' | undefined> => {
    show({ state: 'running', message: 'under way' });
    try {
      const { status } = await toolCall(input.taskQueue).runTool({ executionId, gate });
      show({ state: 'ended', message: status });
      return undefined;
    } catch (error) {
      if (wf.isCancellation(error)) throw error;
      if (gate !== null && ASSESSED_ANEW.has(failureType(error))) return 'assess anew';
      await refuse(rootMessage(error), false);
      return undefined;
    }
  };

  try {
    const { action, rollback } = await quick.openTool({ executionId });
    // What takes something back passes matrix and approval.
    for (let again = true; again;) {
      if (rollback) {
        await run(null);
        break;
      }
      const asked = { cycleId: null, requestedBy, atLeast: 'lab', action } as const;
      const { passed, verdict, reason } = await passGate(desk, asked);
      if (passed) again = (await run(verdict)) === 'assess anew';
      else {
        await refuse(reason, verdict.outcome === 'refused');
        again = false;
      }
    }
  } catch (error) {
    await refuse(wf.isCancellation(error) ? 'its workflow was cancelled' : rootMessage(error), false);
    throw error;
  }
  await wf.condition(wf.allHandlersFinished);
  return progress;
}
