import { usdOfMicro } from './money';
import type { Mode } from './mode';
import type { Severity } from './severity';

/** `safe` goes on, recorded · `review` a person decides · `block` is refused, with no override. Least to most strict. */
export const RISK_TIERS = ['safe', 'review', 'block'] as const;
export type RiskTier = (typeof RISK_TIERS)[number];

export const ACTION_TYPES = [
  'RUN_EXPERIMENT',
  'DESTRUCTIVE_TEST',
  'RUN_SIMULATION',
  'DEPLOY_INTERVENTION',
  'ROLLBACK_INTERVENTION',
  'TOOL_CALL',
  'MODE_TRANSITION',
  'PROMPT_MUTATION',
  'TOOL_POLICY_CHANGE',
  'MEMORY_GATING',
  'FINE_TUNE',
  'CONFIG_CHANGE',
  'DESTRUCTIVE_TOOL_CALL',
  'SAFETY_FILTER_CHANGE',
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** Per mode, what each severity of an action means. */
type BaseMatrix = Readonly<Record<Mode, Readonly<Record<Severity, RiskTier>>>>;

export interface RiskPolicy {
  readonly version: string;
  readonly baseMatrix: BaseMatrix;
  readonly actionOverrides: Readonly<Partial<Record<ActionType, Readonly<Partial<Record<Mode, RiskTier>>>>>>;
  /** Above `lowCostMax` at least review, at or above `highCostMin` block. */
  readonly costThresholds: { readonly lowCostMaxMicroUsd: number; readonly highCostMinMicroUsd: number };
}

/** What is about to be done; severity is the impact of doing it, never that of the failure sought. */
export interface RiskyAction {
  readonly type: ActionType;
  readonly severity: Severity;
  readonly estimatedCostMicroUsd: number;
}

export interface RiskAssessment {
  readonly tier: RiskTier;
  /** For people: which rule decided. */
  readonly reason: string;
}

/** The rules that assess an action: three of the policy, and one that no policy lifts. */
type RiskRule = 'base_matrix' | 'action_overrides' | 'cost_thresholds' | 'lab_only';

/** What one rule says of an action. */
export interface RuleVerdict extends RiskAssessment {
  readonly rule: RiskRule;
}

/** Blocked outside lab, whatever a policy says. */
const LAB_ONLY: ReadonlySet<ActionType> = new Set(['DESTRUCTIVE_TEST', 'DESTRUCTIVE_TOOL_CALL']);

/** The strictest rule wins, so that an override can tighten a cell and never loosen it; of equals the first. */
export function assessRisk(action: RiskyAction, mode: Mode, policy: RiskPolicy): RuleVerdict {
  return judgeByRules(action, mode, policy).reduce((strictest, next) =>
    rank(next.tier) > rank(strictest.tier) ? next : strictest,
  );
}

/** What each rule that concerns an action says of it. */
export function judgeByRules(
  { type, severity, estimatedCostMicroUsd }: RiskyAction,
  mode: Mode,
  policy: RiskPolicy,
): readonly [RuleVerdict, ...RuleVerdict[]] {
  const override = policy.actionOverrides[type]?.[mode];
  return [
    {
      rule: 'base_matrix',
      tier: policy.baseMatrix[mode][severity],
      reason: `severity ${severity} in ${mode} mode`,
    },
    {
      rule: 'action_overrides',
      tier: override ?? 'safe',
      reason: `${type} is ${override === undefined ? 'not ' : ''}overridden in ${mode} mode`,
    },
    { rule: 'cost_thresholds', ...judgeCost(estimatedCostMicroUsd, policy.costThresholds) },
    ...(LAB_ONLY.has(type) && mode !== 'lab'
      ? [{ rule: 'lab_only', tier: 'block', reason: `${type} is for lab mode only` } as const]
      : []),
  ];
}

/** Severity of running experiments on a target: simulated S0, live S1, live with real tools S2, destructive S3. */
export function experimentActionSeverity(target: {
  readonly simulated: boolean;
  readonly realTools: boolean;
  readonly destructive: boolean;
}): Severity {
  if (target.destructive) return 'S3';
  if (target.simulated) return 'S0';
  return target.realTools ? 'S2' : 'S1';
}

function judgeCost(
  costMicroUsd: number,
  { lowCostMaxMicroUsd, highCostMinMicroUsd }: RiskPolicy['costThresholds'],
): RiskAssessment {
  if (costMicroUsd >= highCostMinMicroUsd) {
    return { tier: 'block', reason: `estimated cost not below ${usdOfMicro(highCostMinMicroUsd)} USD` };
  }
  const low = `${usdOfMicro(lowCostMaxMicroUsd)} USD`;
  return costMicroUsd > lowCostMaxMicroUsd
    ? { tier: 'review', reason: `estimated cost above ${low}` }
    : { tier: 'safe', reason: `estimated cost not above ${low}` };
}

function rank(tier: RiskTier): number {
  return RISK_TIERS.indexOf(tier);
}
