import { usdOfMicro } from './money';
import type { RiskPolicy } from './risk';

/** A risk policy as its file has it: the seed's names, costs in USD. */
export interface RiskPolicyDocument {
  readonly base_matrix: RiskPolicy['baseMatrix'];
  readonly action_overrides: RiskPolicy['actionOverrides'];
  readonly cost_thresholds: { readonly low_cost_max: number; readonly high_cost_min: number };
}

export function riskPolicyDocument({
  baseMatrix,
  actionOverrides,
  costThresholds,
}: Omit<RiskPolicy, 'version'>): RiskPolicyDocument {
  return {
    base_matrix: baseMatrix,
    action_overrides: actionOverrides,
    cost_thresholds: {
      low_cost_max: usdOfMicro(costThresholds.lowCostMaxMicroUsd),
      high_cost_min: usdOfMicro(costThresholds.highCostMinMicroUsd),
    },
  };
}
