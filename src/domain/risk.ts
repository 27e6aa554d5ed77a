import { microOfUsd } from './money';
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

/** The seed's table. */
export const DEFAULT_RISK_POLICY: RiskPolicy = {
  version: 'default-1',
  baseMatrix: {
    lab: { S0: 'safe', S1: 'safe', S2: 'review', S3: 'review', S4: 'block' },
    shadow: { S0: 'safe', S1: 'review', S2: 'review', S3: 'block', S4: 'block' },
    production: { S0: 'review', S1: 'review', S2: 'block', S3: 'block', S4: 'block' },
  },
  actionOverrides: {
    DEPLOY_INTERVENTION: { production: 'block' },
    DESTRUCTIVE_TEST: { shadow: 'block', production: 'block' },
    DESTRUCTIVE_TOOL_CALL: { shadow: 'block', production: 'block' },
  },
  costThresholds: { lowCostMaxMicroUsd: microOfUsd(1), highCostMinMicroUsd: microOfUsd(10) },
};

/** The strictest of matrix, override and cost wins; an override can tighten a cell, never loosen it. */
export function assessRisk(action: RiskyAction, mode: Mode, policy: RiskPolicy): RiskAssessment {
  const candidates: readonly RiskAssessment[] = [
    { tier: policy.baseMatrix[mode][action.severity], reason: `severity ${action.severity} in ${mode} mode` },
    {
      tier: policy.actionOverrides[action.type]?.[mode] ?? 'safe',
      reason: `${action.type} is overridden in ${mode} mode`,
    },
    { tier: tierOfCost(action.estimatedCostMicroUsd, policy.costThresholds), reason: 'estimated cost' },
  ];
  return candidates.reduce((strictest, next) => (rank(next.tier) > rank(strictest.tier) ? next : strictest));
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

function tierOfCost(costMicroUsd: number, thresholds: RiskPolicy['costThresholds']): RiskTier {
  if (costMicroUsd >= thresholds.highCostMinMicroUsd) return 'block';
  return costMicroUsd > thresholds.lowCostMaxMicroUsd ? 'review' : 'safe';
}

function rank(tier: RiskTier): number {
  return RISK_TIERS.indexOf(tier);
}
