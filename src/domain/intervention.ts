import type { RiskTier } from './risk';
import type { GuardrailRule, RetrievalSettings, TargetConfiguration, ToolPolicyRule } from './target';

export const INTERVENTION_TYPES = [
  'prompt_patch',
  'guardrail',
  'tool_policy',
  'parameter_change',
  'retrieval_change',
  'architectural_recommendation',
] as const;

/** The machine-readable change; only a recommendation cannot be applied. */
export type Patch =
  | { readonly type: 'prompt_patch'; readonly append: string }
  | { readonly type: 'guardrail'; readonly side: 'input' | 'output'; readonly rule: GuardrailRule }
  | { readonly type: 'tool_policy'; readonly rule: ToolPolicyRule }
  | { readonly type: 'parameter_change'; readonly temperature?: number; readonly maxOutputTokens?: number }
  | { readonly type: 'retrieval_change'; readonly retrieval: RetrievalSettings }
  | { readonly type: 'architectural_recommendation'; readonly recommendation: string };

/** A fix as the researcher proposes it. */
export interface InterventionDraft {
  readonly name: string;
  readonly description: string;
  readonly patch: Patch;
  readonly isReversible: boolean;
  readonly rollbackPlan: string;
  /** The researcher's own estimate, 0–1, before any replay; never reported as a measurement. */
  readonly estimatedEffectiveness: number;
}

export interface Intervention extends InterventionDraft {
  readonly id: string;
  readonly failureId: string;
  readonly riskTier: RiskTier;
}

/** The configuration with the patch in force; a recommendation changes nothing. */
export function applyPatch(configuration: TargetConfiguration, patch: Patch): TargetConfiguration {
  switch (patch.type) {
    case 'prompt_patch':
      return { ...configuration, systemPrompt: `${configuration.systemPrompt}\n${patch.append}`.trim() };
    case 'guardrail':
      return patch.side === 'input'
        ? { ...configuration, inputGuardrails: [...configuration.inputGuardrails, patch.rule] }
        : { ...configuration, outputGuardrails: [...configuration.outputGuardrails, patch.rule] };
    case 'tool_policy':
      return { ...configuration, toolPolicies: [...configuration.toolPolicies, patch.rule] };
    case 'parameter_change':
      return {
        ...configuration,
        ...(patch.temperature === undefined ? {} : { temperature: patch.temperature }),
        ...(patch.maxOutputTokens === undefined ? {} : { maxOutputTokens: patch.maxOutputTokens }),
      };
    case 'retrieval_change':
      return { ...configuration, retrieval: { ...configuration.retrieval, ...patch.retrieval } };
    case 'architectural_recommendation':
      return configuration;
  }
}

/** The configuration with all of them in force, in their order. */
export function applyInterventions(
  configuration: TargetConfiguration,
  interventions: readonly { readonly patch: Patch }[],
): TargetConfiguration {
  return interventions.reduce((changed, { patch }) => applyPatch(changed, patch), configuration);
}
