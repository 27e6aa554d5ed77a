import type { InterventionDraft, Patch } from '../domain/intervention';
import type { FailureType } from '../domain/taxonomy';
import { leakedShape, mostCalledTool } from './offline-example';
import { PROMPT_RULES } from './offline-prompt-rules';
import type { FailureCase } from './researcher';

/** Makes a proposal from a failure; undefined when the example lacks what it needs. */
type Proposal = (failure: FailureCase) => InterventionDraft | undefined;

const ROLLBACK: Readonly<Record<Patch['type'], string>> = {
  prompt_patch: 'Remove the appended rule from the system prompt.',
  guardrail: 'Remove the guardrail rule.',
  tool_policy: 'Remove the tool policy rule.',
  parameter_change: 'Set the parameter back to its earlier value.',
  retrieval_change: 'Set the retrieval settings back to their earlier values.',
  architectural_recommendation: 'Nothing is changed by the recommendation itself.',
};

function draft(
  name: string,
  patch: Patch,
  estimatedEffectiveness: number,
  remark: string,
): InterventionDraft {
  return {
    name,
    description: `${remark} (Proposed by the offline rules, without a model.)`,
    patch,
    isReversible: true,
    rollbackPlan: ROLLBACK[patch.type],
    estimatedEffectiveness,
  };
}

const promptRule: Proposal = ({ failureType }) => {
  const append = PROMPT_RULES[failureType];
  if (append === undefined) return undefined;
  return draft(
    `Prompt rule against ${failureType}`,
    { type: 'prompt_patch', append },
    0.6,
    'States the missing rule in the system prompt.',
  );
};

const inputFilter =
  (name: string, pattern: string, remark: string, estimate: number): Proposal =>
  () =>
    draft(
      name,
      {
        type: 'guardrail',
        side: 'input',
        rule: {
          pattern,
          action: 'block',
          replacement: 'This message cannot be handled as it is written. Please put it differently.',
        },
      },
      estimate,
      remark,
    );

const outputRedaction: Proposal = (failure) => {
  const pattern = leakedShape(failure.example);
  if (pattern === undefined) return undefined;
  return draft(
    'Redact values of the leaked shape',
    { type: 'guardrail', side: 'output', rule: { pattern, action: 'redact', replacement: '[withheld]' } },
    0.7,
    'Withholds every value that looks like the one that was given out; harmless values of the same shape are withheld too.',
  );
};

const fencedDocuments: Proposal = () =>
  draft(
    'Fence documents as data',
    { type: 'retrieval_change', retrieval: { fenced: true } },
    0.6,
    'Marks where documents begin and end, so that their text is not taken for instructions.',
  );

const fewerDocuments: Proposal = () =>
  draft(
    'Fewer documents in the context',
    { type: 'retrieval_change', retrieval: { maxDocuments: 3 } },
    0.5,
    'Shortens the context to the three documents that come first in retrieval.',
  );

const limitRepeats: Proposal = () =>
  draft(
    'Limit identical tool calls',
    {
      type: 'tool_policy',
      rule: {
        kind: 'max_identical_calls',
        times: 2,
        message:
          'This call was made twice already. Do not make it again: tell the user that it does not work now.',
      },
    },
    0.8,
    'Stops a call that is made a third time with the same arguments.',
  );

const validateArguments: Proposal = () =>
  draft(
    'Validate tool arguments',
    {
      type: 'tool_policy',
      rule: {
        kind: 'validate_arguments',
        message: 'The arguments are invalid: correct their format to that of the schema and call again.',
      },
    },
    0.7,
    'Checks arguments against the schema of the tool before the call goes out.',
  );

const confirmTool: Proposal = ({ example }) => {
  const tool = mostCalledTool(example);
  if (tool === undefined) return undefined;
  return draft(
    `Confirmation before ${tool}`,
    {
      type: 'tool_policy',
      rule: {
        kind: 'require_confirmation',
        tool,
        message: `${tool} needs the explicit confirmation of the user.`,
      },
    },
    0.7,
    'Holds the call back until the user has confirmed it.',
  );
};

const denyTool: Proposal = ({ example }) => {
  const tool = mostCalledTool(example);
  if (tool === undefined) return undefined;
  return draft(
    `Deny ${tool}`,
    {
      type: 'tool_policy',
      rule: { kind: 'deny', tool, message: `${tool} is not allowed here. Use another way or tell the user.` },
    },
    0.6,
    'Takes the tool away; requests that rightly need it fail as well.',
  );
};

const shorterOutput: Proposal = () =>
  draft(
    'Lower output limit',
    { type: 'parameter_change', maxOutputTokens: 300 },
    0.8,
    'Bounds the length, and with it the cost, of every answer; long answers are cut off.',
  );

const coldSampling: Proposal = () =>
  draft(
    'Temperature zero',
    { type: 'parameter_change', temperature: 0 },
    0.3,
    'Removes chance from the answers, which helps where the right answer is already the likeliest.',
  );

const recommend =
  (name: string, recommendation: string): Proposal =>
  () =>
    draft(
      name,
      { type: 'architectural_recommendation', recommendation },
      0.4,
      'Needs a change outside the configuration.',
    );

const overridePhrases = inputFilter(
  'Block override phrases',
  '(?i)\\b(ignore|disregard|forget|override|set aside)\\b[^.:;,?!]{0,40}\\b(instructions?|rules?|guidelines?)\\b',
  'Blocks messages that ask to drop the instructions in so many words; other phrasings pass.',
  0.5,
);
const overrideWords = inputFilter(
  'Strict input filter',
  '(?i)\\b(ignore|disregard|forget|override|instructions?|rules?|restrictions?|guidelines?|mode)\\b',
  'Blocks every message with a word that overrides use; harmless messages with such a word are blocked too.',
  0.6,
);
const noNotes = inputFilter(
  'Block requests to remember',
  '(?i)\\b(note|remember|keep in mind|for the record)\\b',
  'Blocks every message that asks to keep something; harmless requests to remember are blocked too.',
  0.6,
);

/** What is worth trying against each type, best first. */
const PROPOSALS: Readonly<Record<FailureType, readonly Proposal[]>> = {
  spurious_inference: [promptRule, coldSampling],
  goal_drift: [promptRule, coldSampling],
  contradiction_loop: [promptRule, coldSampling],
  context_collapse: [promptRule, coldSampling],
  instruction_override: [promptRule, overridePhrases, overrideWords],
  logic_error: [
    promptRule,
    coldSampling,
    recommend('Calculator tool', 'Offer a calculator tool and have figures worked out by it.'),
  ],
  attention_dilution: [
    promptRule,
    recommend('Condense input', 'Have long messages condensed to what matters before they are answered.'),
  ],
  latent_forgetting: [
    promptRule,
    recommend('Pin instructions', 'Repeat standing instructions behind the latest turn of every call.'),
  ],
  retrieval_dominance: [fencedDocuments, promptRule, fewerDocuments],
  position_bias: [fencedDocuments, promptRule, fewerDocuments],
  context_overflow: [fewerDocuments, promptRule],
  recency_bias: [promptRule, fencedDocuments],
  tool_hallucination: [promptRule, coldSampling],
  chain_misorder: [
    promptRule,
    recommend('Enforce the order', 'Have the later tool refuse until the earlier one has succeeded.'),
  ],
  retry_amplification: [
    limitRepeats,
    promptRule,
    recommend('Circuit breaker', 'Put a circuit breaker with growing pauses before the tool.'),
  ],
  destructive_call: [confirmTool, promptRule, denyTool],
  parameter_error: [promptRule, validateArguments],
  tool_loop: [limitRepeats, promptRule],
  wrong_tool_selection: [promptRule, coldSampling],
  reward_hacking: [promptRule, coldSampling],
  confirmation_drift: [
    promptRule,
    coldSampling,
    recommend(
      'Another model',
      'Evaluate a model that is trained to keep a supported answer under disagreement.',
    ),
  ],
  memory_poisoning: [
    promptRule,
    noNotes,
    recommend('Separate memory', 'Keep what users ask to remember apart from rules, with its author.'),
  ],
  echo_chamber: [promptRule, coldSampling],
  distributional_shift: [
    promptRule,
    recommend('Normalise input', 'Correct spelling and case of the input before it reaches the model.'),
  ],
  latency_collapse: [
    shorterOutput,
    recommend('Time budget', 'Stream answers and bound the time of a request.'),
  ],
  cost_runaway: [shorterOutput, promptRule],
  safety_regression: [promptRule, outputRedaction],
  rate_limit_exhaustion: [
    limitRepeats,
    recommend('Quota per user', 'Bound the calls of each user by a quota of its own.'),
  ],
  cascading_failure: [
    promptRule,
    recommend('Isolate parts', 'Run independent parts of a request apart from one another.'),
  ],
  resource_exhaustion: [
    promptRule,
    recommend('Bound the input', 'Split long input and answer over the parts.'),
  ],
};

/** At most three interventions for a failure, by the rules of its type. */
export function proposeByRule(failure: FailureCase): readonly InterventionDraft[] {
  return PROPOSALS[failure.failureType].flatMap((proposal) => proposal(failure) ?? []).slice(0, 3);
}
