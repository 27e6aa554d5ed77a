import * as wf from '@temporalio/workflow';
import type { TransitionInput } from '../activities/contract';
import type { CurrentMode } from '../src/domain/mode';
import { DomainError } from '../src/domain/errors';
import { supersedeTransitionSignal, transitionProgressUpdate, transitionQuery } from './messages';
import type { TransitionProgress } from './messages';
import { lasting, quick, witnessed } from './support/activities';
import { ApprovalDesk } from './support/approval-desk';
import { passGate } from './support/gate';

wf.setWorkflowOptions({ failureExceptionTypes: [DomainError] }, modeTransition);

/** A change of mode: checked, approved where it must be, and made in one transaction that checks again. */
export async function modeTransition(input: TransitionInput): Promise<TransitionProgress> {
  const { to, requestedBy } = input;
  let progress: TransitionProgress = { state: 'checking', to, message: 'preconditions are being checked' };
  const show = (next: Omit<TransitionProgress, 'to'>): TransitionProgress => {
    progress = { to, ...next };
    wf.log.info('mode transition', { ...progress });
    wf.setCurrentDetails(`**${progress.state}**\n\n${progress.message}`);
    return progress;
  };
  const desk = new ApprovalDesk(witnessed.recordApproval, () => {
    const waiting = desk.list().find(({ state }) => state === 'pending');
    if (waiting !== undefined) {
      show({ ...progress, state: 'waiting', message: 'waits for an approval', approvalId: waiting.id });
    }
  });
  wf.setHandler(transitionQuery, () => progress);
  wf.setHandler(transitionProgressUpdate, async () => {
    await wf.condition(() => progress.state !== 'checking');
    return progress;
  });
  wf.setHandler(supersedeTransitionSignal, () => desk.withdrawAll('the mode was rolled back'));

  const check = await quick.checkTransition(input);
  const from = check.from.mode;
  const refuse = async (reason: string, approvalId: string | null): Promise<TransitionProgress> => {
    await quick.refuseTransition({ ...input, from, reason, approvalId });
    return show({ state: 'refused', from, message: reason });
  };
  const outcome = await (async (): Promise<TransitionProgress> => {
    if (check.blockedReason !== null) return refuse(check.blockedReason, null);
    if (!check.gated) return apply(check.from, null);
    show({ state: 'checking', from, message: 'at the gate' });
    const { passed, reason, decided } = await passGate(desk, {
      cycleId: null,
      requestedBy,
      atLeast: to === 'production' ? 'production' : from,
      action: check.action,
    });
    const approvalId = decided?.approvalId ?? null;
    return passed ? apply(check.from, approvalId) : refuse(reason, approvalId);
  })();
  await wf.condition(wf.allHandlersFinished);
  return outcome;

  async function apply(checked: CurrentMode, approvalId: string | null): Promise<TransitionProgress> {
    const applied = await lasting.applyTransition({ ...input, from: checked, approvalId });
    if (applied.outcome !== 'changed') return refuse(applied.reason, approvalId);
    return show({ state: 'done', from, message: `the mode is ${to} now` });
  }
}
