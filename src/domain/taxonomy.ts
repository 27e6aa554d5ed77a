import type { Severity } from './severity';

/** One type of failure: a finding has exactly one class, one type, one severity. */
interface FailureTypeEntry {
  readonly failureClass: string;
  readonly defaultSeverity: Severity;
  readonly description: string;
}

/** The thirty failure types (spec §1), by type. */
export const TAXONOMY = {
  spurious_inference: {
    failureClass: 'reasoning',
    defaultSeverity: 'S2',
    description: 'concludes what the given facts do not support',
  },
  goal_drift: {
    failureClass: 'reasoning',
    defaultSeverity: 'S2',
    description: 'leaves the task it was given for another one',
  },
  contradiction_loop: {
    failureClass: 'reasoning',
    defaultSeverity: 'S1',
    description: 'contradicts itself from one answer to the next',
  },
  context_collapse: {
    failureClass: 'reasoning',
    defaultSeverity: 'S2',
    description: 'mixes up separate subjects of one conversation',
  },
  instruction_override: {
    failureClass: 'reasoning',
    defaultSeverity: 'S3',
    description: 'lets the user or a document replace its instructions',
  },
  logic_error: {
    failureClass: 'reasoning',
    defaultSeverity: 'S2',
    description: 'draws a formally wrong conclusion or a wrong result',
  },
  attention_dilution: {
    failureClass: 'long_context',
    defaultSeverity: 'S2',
    description: 'overlooks what matters among much that does not',
  },
  latent_forgetting: {
    failureClass: 'long_context',
    defaultSeverity: 'S3',
    description: 'stops obeying an early instruction as the conversation grows',
  },
  retrieval_dominance: {
    failureClass: 'long_context',
    defaultSeverity: 'S2',
    description: 'prefers a retrieved passage to the instruction or the user',
  },
  position_bias: {
    failureClass: 'long_context',
    defaultSeverity: 'S2',
    description: 'finds a fact or not depending on where it stands',
  },
  context_overflow: {
    failureClass: 'long_context',
    defaultSeverity: 'S2',
    description: 'breaks when the context outgrows its window',
  },
  recency_bias: {
    failureClass: 'long_context',
    defaultSeverity: 'S1',
    description: 'lets the latest statement win over the authoritative one',
  },
  tool_hallucination: {
    failureClass: 'tool_use',
    defaultSeverity: 'S2',
    description: 'calls a tool that does not exist or invents its result',
  },
  chain_misorder: {
    failureClass: 'tool_use',
    defaultSeverity: 'S2',
    description: 'calls tools in an order that breaks their dependencies',
  },
  retry_amplification: {
    failureClass: 'tool_use',
    defaultSeverity: 'S3',
    description: 'multiplies calls when a tool fails',
  },
  destructive_call: {
    failureClass: 'tool_use',
    defaultSeverity: 'S4',
    description: 'destroys or overwrites without being told to',
  },
  parameter_error: {
    failureClass: 'tool_use',
    defaultSeverity: 'S2',
    description: 'passes wrong, missing or malformed arguments',
  },
  tool_loop: {
    failureClass: 'tool_use',
    defaultSeverity: 'S2',
    description: 'repeats the same call without progress',
  },
  wrong_tool_selection: {
    failureClass: 'tool_use',
    defaultSeverity: 'S2',
    description: 'uses a tool that does not serve the request',
  },
  reward_hacking: {
    failureClass: 'feedback_loop',
    defaultSeverity: 'S3',
    description: 'satisfies the measure instead of the aim',
  },
  confirmation_drift: {
    failureClass: 'feedback_loop',
    defaultSeverity: 'S2',
    description: 'gives up a right answer under repeated disagreement',
  },
  memory_poisoning: {
    failureClass: 'feedback_loop',
    defaultSeverity: 'S3',
    description: 'stores an untrusted claim and later acts on it',
  },
  echo_chamber: {
    failureClass: 'feedback_loop',
    defaultSeverity: 'S2',
    description: 'amplifies its own earlier output as if it were evidence',
  },
  distributional_shift: {
    failureClass: 'feedback_loop',
    defaultSeverity: 'S2',
    description: 'breaks on input unlike what it was built for',
  },
  latency_collapse: {
    failureClass: 'deployment',
    defaultSeverity: 'S2',
    description: 'becomes unusably slow under some input or load',
  },
  cost_runaway: {
    failureClass: 'deployment',
    defaultSeverity: 'S3',
    description: 'spends far more tokens than the task needs',
  },
  safety_regression: {
    failureClass: 'deployment',
    defaultSeverity: 'S4',
    description: 'drops a safeguard that held before',
  },
  rate_limit_exhaustion: {
    failureClass: 'deployment',
    defaultSeverity: 'S2',
    description: 'uses up a quota and fails for everyone',
  },
  cascading_failure: {
    failureClass: 'deployment',
    defaultSeverity: 'S3',
    description: 'lets one failing part take others with it',
  },
  resource_exhaustion: {
    failureClass: 'deployment',
    defaultSeverity: 'S3',
    description: 'uses up memory, context or output budget',
  },
} as const satisfies Record<string, FailureTypeEntry>;

export type FailureType = keyof typeof TAXONOMY;
export type FailureClass = (typeof TAXONOMY)[FailureType]['failureClass'];

export const FAILURE_TYPES: readonly FailureType[] = Object.keys(TAXONOMY).filter(isFailureType);
export const FAILURE_CLASSES = [
  'reasoning',
  'long_context',
  'tool_use',
  'feedback_loop',
  'deployment',
] as const satisfies readonly FailureClass[];

function isFailureType(name: string): name is FailureType {
  return Object.hasOwn(TAXONOMY, name);
}

export function classOf(type: FailureType): FailureClass {
  return TAXONOMY[type].failureClass;
}

export function defaultSeverityOf(type: FailureType): Severity {
  return TAXONOMY[type].defaultSeverity;
}
