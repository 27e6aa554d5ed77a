import * as wf from '@temporalio/workflow';
import { decisionProblem } from '../../src/domain/approval';
import type {
  ApprovalDecision,
  ApprovalState,
  DecidedApproval,
  DecisionOutcome,
  GateVerdict,
  OfferedDecision,
} from '../../src/domain/approval';
import type { Reminder, ReminderKind } from '../../src/domain/approval-rules';
import { decideApprovalSignal, decideApprovalUpdate } from '../messages';
import { reminding } from './activities';
import { rootMessage } from './failures';

/** The Web UI shows one line. */
const SUMMARY_LENGTH = 180;

/** How long a decision waits for its question: after a crash the workflow may not have come to it again. */
const UNKNOWN_QUESTION_PATIENCE = '10 seconds';

interface OpenQuestion {
  readonly description: string;
  state: 'assessing' | ApprovalState;
  /** From then on silence stands; set while it is pending. */
  deadlineMs?: number;
  /** A decision on it is being judged: others wait for the outcome. */
  judging: boolean;
  /** In the database: only now may anything follow from it. */
  decided?: DecidedApproval;
}

/** The questions of one workflow to people: decided once, recorded before anything follows, never lost. */
export class ApprovalDesk {
  private readonly questions = new Map<string, OpenQuestion>();

  constructor(
    private readonly record: (offered: OfferedDecision) => Promise<DecisionOutcome>,
    private readonly onChange: (pending: number) => void,
  ) {
    wf.setHandler(decideApprovalUpdate, (decision) => this.decide(decision, 'update'), {
      validator: refuseMalformed,
    });
    wf.setHandler(decideApprovalSignal, async (decision) => {
      const problem = decisionProblem(decision);
      if (problem !== undefined) {
        wf.log.warn('ignored a decision that is malformed', { problem });
        return;
      }
      await this.decide(decision, 'signal').catch((error: unknown) => {
        wf.log.warn('a decision was not taken', { error: String(error) });
      });
    });
  }

  /** Announces a question before its row exists, so that a decision in that very instant finds it. */
  announce(approvalId: string, description: string): void {
    this.questions.set(approvalId, { description, state: 'assessing', judging: false });
  }

  /** Waits until a person has decided or the deadline has passed; needs no person unless the verdict says so. */
  async settle(verdict: GateVerdict): Promise<DecidedApproval | undefined> {
    const question = this.questions.get(verdict.approvalId);
    if (question === undefined) throw wf.ApplicationFailure.nonRetryable('the approval was never announced');
    if (verdict.outcome !== 'wait' || verdict.deadlineMs === undefined) {
      this.questions.delete(verdict.approvalId);
      return undefined;
    }
    const { approvalId, deadlineMs, reminders = [] } = verdict;
    question.state = 'pending';
    question.deadlineMs = deadlineMs;
    this.changed();
    await this.waitForPerson(question, approvalId, reminders, deadlineMs);
    return question.decided ?? (await this.conclude(question, expiry(approvalId))).decided;
  }

  /** Until the question is decided or its deadline has passed; what the next word overtakes is not said any more. */
  private async waitForPerson(
    question: OpenQuestion,
    approvalId: string,
    reminders: readonly Reminder[],
    deadlineMs: number,
  ): Promise<void> {
    for (const [index, { kind, atMs }] of reminders.entries()) {
      if (await decidedBy(question, atMs, kind)) return;
      const untilMs = reminders[index + 1]?.atMs ?? deadlineMs;
      if (Date.now() < untilMs) await remind(approvalId, kind, untilMs);
    }
    await decidedBy(question, deadlineMs, 'deadline');
  }

  /** Withdraws what nobody has decided; whoever is the cause writes it down. */
  withdrawAll(reason: string): void {
    for (const [approvalId, question] of this.questions) question.decided ??= withdrawal(approvalId, reason);
  }

  list(): readonly { id: string; state: OpenQuestion['state']; description: string }[] {
    return [...this.questions].map(([id, { state, description }]) => ({ id, state, description }));
  }

  private async decide(decision: ApprovalDecision, via: 'update' | 'signal'): Promise<DecidedApproval> {
    const { approval_id: approvalId, proof_id: proofId } = decision;
    const assessed = (): boolean => (this.questions.get(approvalId)?.state ?? 'assessing') !== 'assessing';
    if (!assessed()) await wf.condition(assessed, UNKNOWN_QUESTION_PATIENCE);
    const question = this.questions.get(approvalId);
    if (question === undefined || question.state === 'assessing') throw notFound(approvalId);
    // Messages come before timers: after an outage a late decision would otherwise overtake the deadline.
    const late = Date.now() >= (question.deadlineMs ?? Infinity);
    const offered: OfferedDecision = {
      approvalId,
      state: decision.decision,
      decidedBy: decision.decided_by,
      reason: decision.reason ?? null,
      decidedAt: new Date().toISOString(),
      via,
      ...(proofId === undefined ? {} : { proofId }),
    };
    const { decided, taken } = await this.conclude(question, late ? expiry(approvalId) : offered);
    if (late || !taken) throw alreadyDecided(decided);
    return decided;
  }

  /**
   * Has the decision judged and recorded, one at a time; answers with what stands, which may be another.
   * @throws ApplicationFailure when the decision is not enough.
   */
  private async conclude(
    question: OpenQuestion,
    offered: OfferedDecision,
  ): Promise<{ readonly decided: DecidedApproval; readonly taken: boolean }> {
    // Nothing may come between the last look and the mark: one end of a judgement wakes all who wait for it.
    while (question.judging) await wf.condition(() => !question.judging);
    if (question.decided !== undefined) return { decided: question.decided, taken: false };
    question.judging = true;
    try {
      const outcome = await wf.CancellationScope.nonCancellable(() => this.record(offered));
      if (!outcome.taken) throw wf.ApplicationFailure.nonRetryable(outcome.message, outcome.code);
      const { decided } = outcome;
      question.decided = decided;
      question.state = decided.state;
      return { decided, taken: decided.decidedAt === offered.decidedAt && decided.via === offered.via };
    } finally {
      question.judging = false;
      this.changed();
    }
  }

  private changed(): void {
    this.onChange([...this.questions.values()].filter(({ state }) => state === 'pending').length);
  }
}

/** Waits until a moment; whether the question was decided before. */
async function decidedBy(question: OpenQuestion, timeMs: number, what: string): Promise<boolean> {
  if (question.decided !== undefined) return true;
  const summary = `${what}: ${question.description}`.slice(0, SUMMARY_LENGTH);
  const remainingMs = Math.max(1, timeMs - Date.now());
  return wf.condition(() => question.decided !== undefined, remainingMs, { summary });
}

/** What cannot be told is no reason to give up the question. */
async function remind(approvalId: string, kind: ReminderKind, untilMs: number): Promise<void> {
  try {
    await reminding(untilMs).remindApproval({ approvalId, kind });
  } catch (error) {
    if (wf.isCancellation(error)) throw error;
    wf.log.warn('nobody could be reminded', { approvalId, kind, error: rootMessage(error) });
  }
}

function refuseMalformed(decision: ApprovalDecision): void {
  const problem = decisionProblem(decision);
  if (problem !== undefined) throw wf.ApplicationFailure.nonRetryable(problem, 'invalid_decision');
}

function expiry(approvalId: string): OfferedDecision {
  const reason = 'nobody decided before the deadline';
  return {
    approvalId,
    state: 'expired',
    decidedBy: null,
    reason,
    decidedAt: new Date().toISOString(),
    via: 'deadline',
  };
}

function withdrawal(approvalId: string, reason: string): DecidedApproval {
  return {
    approvalId,
    state: 'cancelled',
    decidedBy: null,
    provenBy: null,
    reason,
    decidedAt: new Date().toISOString(),
    via: 'cycle',
  };
}

function notFound(approvalId: string): wf.ApplicationFailure {
  return wf.ApplicationFailure.nonRetryable(`no open approval ${approvalId}`, 'approval_not_found');
}

function alreadyDecided(decided: DecidedApproval): wf.ApplicationFailure {
  return wf.ApplicationFailure.nonRetryable(`already ${decided.state}`, 'approval_already_decided', decided);
}
