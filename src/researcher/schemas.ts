import { z } from 'zod';
import type { ExperimentDesign, TestCase, Transcript } from '../domain/experiment';
import type { HypothesisDraft } from '../domain/hypothesis';
import type { InterventionDraft, Patch } from '../domain/intervention';
import { FAILURE_TYPES } from '../domain/taxonomy';
import type { ToolPolicyRule } from '../domain/target';
import { detectorSchema, ruleSchema } from './schemas-detector';
import { jsonObject, pattern, text } from './schemas-fields';

export { detectorSchema } from './schemas-detector';

const share = z.number().min(0).max(1);

const hypothesis: z.ZodType<HypothesisDraft> = z.strictObject({
  targetSurface: text(100),
  expectedFailure: text(600),
  failureType: z.enum(FAILURE_TYPES),
  confidence: share,
  priority: z.int().min(1).max(50),
  rationale: text(1_500),
});

/** Answer of phase 1. */
export const hypothesesAnswer = z.strictObject({ hypotheses: z.array(hypothesis).min(1).max(50) });

const toolName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'Expected a tool name of letters, digits, _ and -');

const caseFields = {
  trigger: text(120),
  systemPrompt: z.exactOptional(text(8_000)),
  turns: z.array(text(12_000)).min(1).max(12),
  adaptiveTurns: z.exactOptional(
    z
      .array(
        z.strictObject({
          when: z.exactOptional(ruleSchema),
          say: text(12_000),
          otherwise: z.exactOptional(text(12_000)),
        }),
      )
      .max(8),
  ),
  load: z.exactOptional(
    z.strictObject({
      alone: z.int().min(1).max(10),
      requests: z.int().min(1).max(64),
      concurrency: z.int().min(1).max(32),
      countsRateLimits: z.exactOptional(z.boolean()),
    }),
  ),
  tools: z.exactOptional(
    z
      .array(
        z.strictObject({
          name: toolName,
          description: text(1_000),
          parameters: jsonObject,
          results: z.array(z.string().max(4_000)).min(1).max(10),
          destructive: z.exactOptional(z.boolean()),
        }),
      )
      .max(8),
  ),
  documents: z.exactOptional(z.array(z.strictObject({ title: text(200), text: text(12_000) })).max(10)),
  failsWhen: detectorSchema,
};

const testCase: z.ZodType<TestCase> = z.strictObject(caseFields);

/** A case as a model designs it: `targetTools` names those of the target's own tools that it offers. */
export type DesignedCase = TestCase & { readonly targetTools?: readonly string[] };
const designedCase: z.ZodType<DesignedCase> = z
  .strictObject({ ...caseFields, targetTools: z.exactOptional(z.array(toolName).max(32)) })
  .meta({ id: 'TestCase' });

const designFields = { title: text(200), maxOutputTokens: z.int().min(16).max(8_192) };

/** An executable experiment, bounded in every part. */
export const experimentDesignSchema: z.ZodType<ExperimentDesign> = z.strictObject({
  ...designFields,
  cases: z.array(testCase).min(1).max(5),
  controls: z.array(testCase).max(5),
  failureType: z.enum(FAILURE_TYPES),
  destructive: z.boolean(),
});

/** How many experiments are designed in one answer. */
export const DESIGNS_PER_ANSWER = 4;

const designs = z.strictObject({
  designs: z
    .array(
      z.strictObject({
        ...designFields,
        cases: z.array(designedCase).min(1).max(5),
        controls: z.array(designedCase).min(1).max(5),
      }),
    )
    .min(1)
    .max(DESIGNS_PER_ANSWER),
});

/**
 * Answer of phase 2 about a target with these tools of its own: the failure type is that of the hypothesis, and a
 * simulated test destroys nothing.
 */
export function designsAnswer(ownTools: readonly string[]): typeof designs {
  return designs.superRefine((answer, context) => {
    for (const [index, { cases, controls }] of answer.designs.entries()) {
      for (const [part, designed] of Object.entries({ cases, controls })) {
        for (const [at, { targetTools = [] }] of designed.entries()) {
          const unknown = targetTools.find((name) => !ownTools.includes(name));
          if (unknown === undefined) continue;
          context.addIssue({
            code: 'custom',
            path: ['designs', index, part, at, 'targetTools'],
            message: `The target has no tool ${unknown}${ownTools.length === 0 ? '' : `; it has ${ownTools.join(', ')}`}`,
          });
        }
      }
    }
  });
}

const explanation = z.strictObject({
  description: text(1_500),
  rootCause: text(2_000),
  evidence: z
    .array(z.strictObject({ messageIndex: z.int().nonnegative(), quote: text(500) }))
    .min(1)
    .max(5),
  impact: share,
  impactReason: text(1_000),
});

/** Answer of phase 4 about a failure shown in `example`: every quote must stand in the message it names. */
export function explanationAnswer(example: Transcript): typeof explanation {
  return explanation.superRefine(({ evidence }, context) => {
    for (const [index, { messageIndex, quote }] of evidence.entries()) {
      if (folded(spokenText(example, messageIndex)).includes(folded(quote))) continue;
      context.addIssue({
        code: 'custom',
        path: ['evidence', index, 'quote'],
        message: `Expected words of message ${messageIndex}, verbatim`,
      });
    }
  });
}

const toolPolicyRule: z.ZodType<ToolPolicyRule> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('deny'), tool: toolName, message: text(500) }),
  z.strictObject({ kind: z.literal('require_confirmation'), tool: toolName, message: text(500) }),
  z.strictObject({
    kind: z.literal('max_identical_calls'),
    times: z.int().min(1).max(50),
    message: text(500),
  }),
  z.strictObject({ kind: z.literal('validate_arguments'), message: text(500) }),
]);

/** A machine-readable change, bounded in every part. */
export const patchSchema: z.ZodType<Patch> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('prompt_patch'), append: text(4_000) }),
  z.strictObject({
    type: z.literal('guardrail'),
    side: z.enum(['input', 'output']),
    rule: z.strictObject({
      pattern,
      action: z.enum(['block', 'redact']),
      replacement: z.string().max(1_000),
    }),
  }),
  z.strictObject({ type: z.literal('tool_policy'), rule: toolPolicyRule }),
  z
    .strictObject({
      type: z.literal('parameter_change'),
      temperature: z.exactOptional(z.number().min(0).max(2)),
      maxOutputTokens: z.exactOptional(z.int().min(16).max(8_192)),
    })
    .refine(
      ({ temperature, maxOutputTokens }) => temperature !== undefined || maxOutputTokens !== undefined,
      'Expected temperature, maxOutputTokens or both',
    ),
  z.strictObject({
    type: z.literal('retrieval_change'),
    retrieval: z
      .strictObject({
        maxDocuments: z.exactOptional(z.int().min(0).max(50)),
        fenced: z.exactOptional(z.boolean()),
      })
      .refine((retrieval) => Object.keys(retrieval).length > 0, 'Expected maxDocuments, fenced or both'),
  }),
  z.strictObject({ type: z.literal('architectural_recommendation'), recommendation: text(4_000) }),
]);

const intervention: z.ZodType<InterventionDraft> = z.strictObject({
  name: text(120),
  description: text(2_000),
  patch: patchSchema,
  isReversible: z.boolean(),
  rollbackPlan: text(1_000),
  estimatedEffectiveness: share,
});

/** Answer of phase 5. */
export const interventionsAnswer = z.strictObject({ interventions: z.array(intervention).min(1).max(3) });

function spokenText(transcript: Transcript, index: number): string {
  const message = transcript.messages[index];
  if (message === undefined) return '';
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  return [message.content, ...calls.map((call) => `${call.name}(${call.arguments})`)].join('\n');
}

function folded(value: string): string {
  return value.replace(/\s+/g, ' ').trim().toLowerCase();
}

/** The turns of a stimulus in other words, as many as it has. */
export function paraphrasesAnswer(turns: number) {
  return z.strictObject({
    paraphrases: z
      .array(z.array(text(12_000)).min(turns).max(turns))
      .min(1)
      .max(3),
  });
}
