import type { GateVerdict, ProposedAction } from '../src/domain/approval';
import { remindersOf } from '../src/domain/approval-rules';
import type { ApprovalRules } from '../src/domain/approval-rules';
import { stricterMode } from '../src/domain/mode';
import type { CurrentMode, Mode } from '../src/domain/mode';
import { assessRisk } from '../src/domain/risk';
import type { RiskAssessment, RiskTier } from '../src/domain/risk';
import type { AssessedAction } from '../src/ports/approval-store';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { actionDigest } from './support/actions';

/** The gate: every risky action passes here, and its verdict is written before anything follows from it. */
export function assessActions(deps: ActivityDeps): Activities['assessActions'] {
  return async ({ origin, startMode, actions }) => {
    const current = await deps.stores.mode.current();
    const assessed = actions.map((action) => assess(deps, action, startMode, current));
    return deps.stores.approvals.saveAssessed(origin, assessed);
  };
}

function assess(
  deps: ActivityDeps,
  action: ProposedAction,
  startMode: Mode,
  current: CurrentMode,
): AssessedAction {
  const mode = stricterMode(startMode, current.mode);
  const policy = deps.policy();
  const { approval, approvalTimeoutMs } = deps.settingsFor(mode);
  const { actionType: type, severity, estimatedCostMicroUsd, subjectId, approvalId } = action;
  const { tier, reason } = withPerson(
    assessRisk({ type, severity, estimatedCostMicroUsd }, mode, policy),
    action,
  );
  const policyAnswer = tier === 'review' ? answerOfPolicy(action, mode, approval) : null;
  const verdict: GateVerdict = {
    approvalId,
    subjectId,
    tier,
    reason: policyAnswer === 'rejected' ? `${reason}, and nobody is asked (approval.on_review)` : reason,
    mode,
    modeVersion: current.version,
    policyVersion: policy.version,
    actionDigest: actionDigest(action, policy.version),
    outcome: outcomeOf(tier, policyAnswer),
  };
  const { notifyOnBlock } = approval;
  if (verdict.outcome !== 'wait') return { action, verdict, policyAnswer, notifyOnBlock };
  const now = Date.now();
  const deadlineMs = now + approvalTimeoutMs[severity];
  const reminders = remindersOf(now, deadlineMs, approval);
  return { action, verdict: { ...verdict, deadlineMs, reminders }, policyAnswer, notifyOnBlock };
}

/** What needs no person, or finds none: in lab policy approves, unattended it rejects. */
function answerOfPolicy(
  { personRequired }: ProposedAction,
  mode: Mode,
  { onReview }: ApprovalRules,
): AssessedAction['policyAnswer'] {
  if (mode === 'lab' && !personRequired) return 'approved';
  return onReview === 'reject' ? 'rejected' : null;
}

function outcomeOf(tier: RiskTier, answer: AssessedAction['policyAnswer']): GateVerdict['outcome'] {
  if (tier === 'safe' || answer === 'approved') return 'go';
  return tier === 'block' || answer === 'rejected' ? 'refused' : 'wait';
}

function withPerson(
  assessment: RiskAssessment,
  { personRequired, actionType }: ProposedAction,
): RiskAssessment {
  if (!personRequired || assessment.tier !== 'safe') return assessment;
  return { tier: 'review', reason: `${actionType} always needs a person` };
}
