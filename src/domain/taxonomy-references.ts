import type { FailureType } from './taxonomy';

/** Where catalogues of risks have a failure type, by their ids; none where none fits. */
export interface CatalogueIds {
  /** OWASP Top 10 for LLM Applications, 2025. */
  readonly owasp: readonly string[];
  /** MITRE ATLAS techniques, 5.6: how an adversary brings the failure about or profits by it. */
  readonly atlas: readonly string[];
}

const NONE: CatalogueIds = { owasp: [], atlas: [] };
/** Misinformation: an answer that is wrong and sounds right. */
const MISINFORMATION: CatalogueIds = { owasp: ['LLM09'], atlas: [] };
/** Unbounded consumption, for which ATLAS tells denial of service from cost. */
const consumption = (...atlas: string[]): CatalogueIds => ({ owasp: ['LLM10'], atlas });

/**
 * Ids by failure type. Sources: genai.owasp.org/llm-top-10 (2025 edition) and atlas.mitre.org (data version 5.6.0). Plain
 * faults of reasoning and attention have no technique, for they need no adversary.
 */
const CATALOGUE_IDS: Readonly<Record<FailureType, CatalogueIds>> = {
  spurious_inference: MISINFORMATION,
  goal_drift: NONE,
  contradiction_loop: MISINFORMATION,
  context_collapse: MISINFORMATION,
  instruction_override: { owasp: ['LLM01', 'LLM07'], atlas: ['AML.T0051.000', 'AML.T0056'] },
  logic_error: MISINFORMATION,
  attention_dilution: MISINFORMATION,
  latent_forgetting: NONE,
  retrieval_dominance: { owasp: ['LLM01', 'LLM08'], atlas: ['AML.T0051.001', 'AML.T0070'] },
  position_bias: MISINFORMATION,
  context_overflow: MISINFORMATION,
  recency_bias: MISINFORMATION,
  tool_hallucination: { owasp: ['LLM06', 'LLM09'], atlas: ['AML.T0062'] },
  chain_misorder: { owasp: ['LLM06'], atlas: ['AML.T0053'] },
  retry_amplification: { owasp: ['LLM06', 'LLM10'], atlas: ['AML.T0034.002'] },
  destructive_call: { owasp: ['LLM06'], atlas: ['AML.T0101'] },
  parameter_error: { owasp: ['LLM05'], atlas: [] },
  tool_loop: { owasp: ['LLM06', 'LLM10'], atlas: ['AML.T0034.002'] },
  wrong_tool_selection: { owasp: ['LLM06'], atlas: ['AML.T0053'] },
  reward_hacking: MISINFORMATION,
  confirmation_drift: MISINFORMATION,
  memory_poisoning: { owasp: ['LLM01', 'LLM04'], atlas: ['AML.T0080'] },
  echo_chamber: MISINFORMATION,
  distributional_shift: NONE,
  latency_collapse: consumption('AML.T0029'),
  cost_runaway: consumption('AML.T0034.001'),
  safety_regression: { owasp: ['LLM02'], atlas: ['AML.T0054', 'AML.T0057'] },
  rate_limit_exhaustion: consumption('AML.T0029', 'AML.T0034.000'),
  cascading_failure: NONE,
  resource_exhaustion: consumption('AML.T0029'),
};

/** Where the catalogues have a failure type. */
export function catalogueIdsOf(type: FailureType): CatalogueIds {
  return CATALOGUE_IDS[type];
}
