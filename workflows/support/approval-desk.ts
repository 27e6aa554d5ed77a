import * as wf from '@temporalio/workflow';
import { decisionProblem } from '../../src/domain/approval';
import type {
  ApprovalDecision,
  ApprovalState,
  DecidedApproval,
  GateVerdict,
} from '../../src/domain/approval';
import { decideApprovalSignal, decideApprovalUpdate } from '../messages';

/** The Web UI shows one line. */
const SUMMARY_LENGTH = 180;

interface OpenQuestion {
  readonly description: string;
  state: 'assessing' | ApprovalState;
  decided?: DecidedApproval;
  /** The decision is in the database: only now may anything follow from it. */
  recorded: boolean;
}

/** The questions of one workflow to people: decided once, recorded before anything follows, never lost. */
export class ApprovalDesk {
  private readonly questions = new Map<string, OpenQuestion>();

  constructor(
    private readonly record: (decided: DecidedApproval) => Promise<void>,
    private readonly onChange: (pending: number) => void,
  ) {
    wf.setHandler(decideApprovalUpdate, (decision) => this.decide(decision, 'update'), {
      validator: (decision: ApprovalDecision) => this.refuseUnlessOpen(decision),
    });
    wf.setHandler(decideApprovalSignal, async (decision) => {
      if (decisionProblem(decision) !== undefined || !this.isOpen(decision.approval_id)) {
        wf.log.warn('ignored a decision that names no open approval of this workflow');
        return;
      }
      await this.decide(decision, 'signal').catch((error: unknown) => {
        wf.log.warn('ignored a decision that came too late', { error: String(error) });
      });
    });
  }

  /** Announces a question before its row exists, so that a decision in that very instant finds it. */
  announce(approvalId: string, description: string): void {
    this.questions.set(approvalId, { description, state: 'assessing', recorded: false });
  }

  /** Waits until a person has decided or the deadline has passed; needs no person unless the verdict says so. */
  async settle(verdict: GateVerdict): Promise<DecidedApproval | undefined> {
    const question = this.questions.get(verdict.approvalId);
    if (question === undefined) throw wf.ApplicationFailure.nonRetryable('the approval was never announced');
    if (verdict.outcome !== 'wait' || verdict.deadlineMs === undefined) {
      this.questions.delete(verdict.approvalId);
      return undefined;
    }
    question.state = 'pending';
    this.changed();
    const remainingMs = Math.max(1, verdict.deadlineMs - Date.now());
    await wf.condition(() => question.decided !== undefined, remainingMs, {
      summary: `deadline: ${question.description}`.slice(0, SUMMARY_LENGTH),
    });
    if (question.decided === undefined) await this.conclude(question, expiry(verdict.approvalId));
    await wf.condition(() => question.recorded);
    return question.decided;
  }

  /** Withdraws what nobody has decided; the closing of the cycle writes it down. */
  withdrawAll(): void {
    for (const [approvalId, question] of this.questions) {
      if (question.decided === undefined) question.decided = withdrawal(approvalId);
    }
  }

  list(): readonly { id: string; state: OpenQuestion['state']; description: string }[] {
    return [...this.questions].map(([id, { state, description }]) => ({ id, state, description }));
  }

  private async decide(decision: ApprovalDecision, via: 'update' | 'signal'): Promise<DecidedApproval> {
    const question = this.questions.get(decision.approval_id);
    await wf.condition(() => question?.state !== 'assessing');
    if (question === undefined || !this.questions.has(decision.approval_id))
      throw notFound(decision.approval_id);
    if (question.decided !== undefined) throw alreadyDecided(question.decided);
    return this.conclude(question, {
      approvalId: decision.approval_id,
      state: decision.decision,
      decidedBy: decision.decided_by,
      reason: decision.reason ?? null,
      decidedAt: new Date().toISOString(),
      via,
    });
  }

  private async conclude(question: OpenQuestion, decided: DecidedApproval): Promise<DecidedApproval> {
    question.decided = decided;
    await wf.CancellationScope.nonCancellable(() => this.record(decided));
    question.recorded = true;
    question.state = decided.state;
    this.changed();
    return decided;
  }

  private refuseUnlessOpen(decision: ApprovalDecision): void {
    const problem = decisionProblem(decision);
    if (problem !== undefined) throw wf.ApplicationFailure.nonRetryable(problem, 'invalid_decision');
    const question = this.questions.get(decision.approval_id);
    if (question === undefined) throw notFound(decision.approval_id);
    if (question.decided !== undefined) throw alreadyDecided(question.decided);
  }

  private isOpen(approvalId: string): boolean {
    const question = this.questions.get(approvalId);
    return question !== undefined && question.decided === undefined;
  }

  private changed(): void {
    this.onChange([...this.questions.values()].filter(({ state }) => state === 'pending').length);
  }
}

function expiry(approvalId: string): DecidedApproval {
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

function withdrawal(approvalId: string): DecidedApproval {
  const reason = 'the cycle ended';
  return {
    approvalId,
    state: 'cancelled',
    decidedBy: null,
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
