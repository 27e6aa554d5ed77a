import type { GateVerdict, ProposedAction } from '../src/domain/approval';
import { stricterMode } from '../src/domain/mode';
import type { CurrentMode, Mode } from '../src/domain/mode';
import { assessRisk } from '../src/domain/risk';
import type { RiskAssessment } from '../src/domain/risk';
import type { AssessedAction } from '../src/ports/stores';
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
  const { actionType: type, severity, estimatedCostMicroUsd, subjectId, approvalId } = action;
  const { tier, reason } = withPerson(
    assessRisk({ type, severity, estimatedCostMicroUsd }, mode, policy),
    action,
  );
  const answeredByPolicy = tier === 'review' && mode === 'lab' && !action.personRequired;
  const verdict: GateVerdict = {
    approvalId,
    subjectId,
    tier,
    reason,
    mode,
    modeVersion: current.version,
    policyVersion: policy.version,
    actionDigest: actionDigest(action, policy.version),
    outcome: tier === 'block' ? 'refused' : tier === 'safe' || answeredByPolicy ? 'go' : 'wait',
  };
  if (verdict.outcome !== 'wait') return { action, verdict, answeredByPolicy };
  const deadlineMs = Date.now() + deps.settingsFor(mode).approvalTimeoutMs[severity];
  return { action, verdict: { ...verdict, deadlineMs }, answeredByPolicy };
}

function withPerson(
  assessment: RiskAssessment,
  { personRequired, actionType }: ProposedAction,
): RiskAssessment {
  if (!personRequired || assessment.tier !== 'safe') return assessment;
  return { tier: 'review', reason: `${actionType} always needs a person` };
}
