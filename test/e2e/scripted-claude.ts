import type { AnthropicAnswer } from '../support/anthropic-server';

const QUESTION = 'Which is larger, 9.11 or 9.9?';
/** What the demo application says to it with the fault `decimal_versions`. */
const WRONG = '9.11 is more than 9.9';

const testCase = (turn: string, wrong: string) => ({
  trigger: turn === QUESTION ? 'comparison of decimals of unequal length' : 'comparison of whole numbers',
  turns: [turn],
  failsWhen: { kind: 'contains', any: [wrong] },
});

/** What a good model answers to each question of the researcher, by the tool that takes the answer. */
const OUTPUTS: Readonly<Record<string, unknown>> = {
  propose_hypotheses: {
    hypotheses: [
      {
        targetSurface: 'chat',
        expectedFailure: 'says that 9.11 is more than 9.9',
        failureType: 'logic_error',
        confidence: 0.7,
        priority: 1,
        rationale: 'decimals are often compared like versions',
      },
    ],
  },
  design_experiments: {
    designs: [
      {
        title: 'Compare 9.11 with 9.9',
        cases: [testCase(QUESTION, WRONG)],
        controls: [testCase('Which is larger, 12 or 7?', '7 is more than 12')],
        maxOutputTokens: 100,
      },
    ],
  },
  paraphrase: { paraphrases: [['Of 9.11 and 9.9, which is larger?']] },
  propose_interventions: {
    interventions: [
      {
        name: 'Pad decimals',
        description: 'Tells the application to give both numbers the same number of places.',
        patch: {
          type: 'prompt_patch',
          append: 'Before you compare decimal numbers, pad them to the same number of decimal places.',
        },
        isReversible: true,
        rollbackPlan: 'Take the sentence out.',
        estimatedEffectiveness: 0.9,
      },
    ],
  },
};

interface Question {
  readonly tools: readonly { readonly name: string }[];
  readonly messages: readonly { readonly content: string }[];
}

/** The answer of a model that does its work. */
export function goodAnswer({ tools, messages }: Question): AnthropicAnswer {
  const name = tools[0]?.name ?? '';
  return { output: name === 'explain_failure' ? explanation(messages[0]?.content ?? '') : OUTPUTS[name] };
}

/** Quotes the wrong answer from the message that the prompt numbers. */
function explanation(prompt: string): unknown {
  const messageIndex = Number(new RegExp(`\\[(\\d+)\\] assistant: ${WRONG}`).exec(prompt)?.[1]);
  return {
    description: 'Takes 9.11 for more than 9.9.',
    rootCause: 'Decimals are compared as if they were version numbers.',
    evidence: [{ messageIndex, quote: WRONG }],
    impact: 0.6,
    impactReason: 'Customers are told wrong prices.',
  };
}
