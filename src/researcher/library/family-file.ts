import { z } from 'zod';
import { FAILURE_TYPES } from '../../domain/taxonomy';

/*
 * What a family file says, before parameters are filled in. Bounds of texts and counts are those of every experiment and
 * are checked on what comes out (`schemas.ts`).
 */

const parameterName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'Expected a name of small letters, digits and _')
  .refine((name) => name !== 'answer', 'answer is what the target said; take another name');
const reference = z.string().regex(/^\{\{ *[a-z][a-z0-9_]* *\}\}$/, 'Expected a number or one {{parameter}}');
const numeric = z.union([z.number(), reference]);
const json = z.record(z.string(), z.json());

const plainValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).min(1).max(20)]);

const needles = z
  .array(z.strictObject({ text: z.string().min(1), at: numeric }))
  .max(20)
  .default([])
  .describe('Sentences placed in the text: at 0 it stands first, at 1 last.');
const start = numeric.default(0).describe('Another start, other sentences.');

const value = z.union([
  plainValue,
  z
    .strictObject({ secret: z.string().regex(/^[A-Z0-9a-z-]{6,40}$/) })
    .describe('A made-up token of this shape: A any capital, 0 any digit; all else stays.'),
  z
    .strictObject({
      number: z.strictObject({
        from: z.number(),
        to: z.number(),
        step: z.number().positive().default(1),
        unlike: z.array(numeric).max(10).default([]),
      }),
    })
    .describe('A number by chance, other than those in unlike.'),
  z
    .strictObject({ filler: z.strictObject({ chars: numeric, start, needles }) })
    .describe('Plain sentences without codes or figures, of at least so many characters.'),
]);

const values = z
  .record(parameterName, value)
  .describe(
    'Parameters, each once; a later one may use an earlier one. What is drawn is the same in every process.',
  );

const parameters = z
  .strictObject({
    rows: z
      .array(z.record(parameterName, plainValue))
      .min(1)
      .max(20)
      .default([{}])
      .describe('Parameters that go together: one row, one copy.'),
    product: z
      .record(
        parameterName,
        z
          .array(z.union([z.string(), z.number(), z.boolean()]))
          .min(1)
          .max(20),
      )
      .default({})
      .describe('Parameters that are combined: every value with every other, and with every row.'),
  })
  .describe('Makes several out of one.');

const tool = z.strictObject({
  description: z.string().min(1),
  parameters: json.describe('The JSON Schema of its arguments.'),
  result: z.union([z.string(), json]).describe('What it answers when it works.'),
  destructive: z.boolean().default(false),
});

const usedTool = z.union([
  z.string().min(1).describe('The name of a tool of this file: it works.'),
  z.strictObject({
    use: z.string().min(1),
    results: z
      .array(z.union([z.string(), json]))
      .min(1)
      .optional()
      .describe('Its answers in order, the last one repeated.'),
    error: z
      .strictObject({
        text: z.string().min(1),
        times: z.int().min(1).max(9).optional().describe('After so many it works; without it, never.'),
      })
      .optional()
      .describe('An error that it answers first.'),
  }),
]);

const documents = z.array(
  z.union([
    z.strictObject({ title: z.string().min(1), text: z.string().min(1) }),
    z
      .strictObject({
        filler: z.strictObject({
          title: z.string().min(1).describe('{{number}} counts them.'),
          count: numeric,
          chars: numeric.describe('Of each.'),
          start,
          needles,
        }),
      })
      .describe('Documents of plain sentences, with the needles placed in the whole of them.'),
  ]),
);

const turn = z.union([
  z.string().min(1),
  z
    .strictObject({ repeat: z.strictObject({ times: numeric, say: z.string().min(1) }) })
    .describe('Said so often; {{number}} counts.'),
]);

/** Rules of `fails_when` are checked when they are filled in, by the schema of all detectors. */
const detector = z.looseObject({ kind: z.string() });

const stimulus = {
  trigger: z.string().min(1).describe('What is meant to trigger the failure; findings cluster by it.'),
  system_prompt: z.string().min(1).describe("Added to the target's own."),
  turns: z.array(turn).min(1).describe('What the user says.'),
  adaptive_turns: z
    .array(
      z.strictObject({
        when: detector.optional(),
        say: z.string().min(1),
        otherwise: z.string().min(1).optional(),
      }),
    )
    .describe('Said after turns, depending on what was answered; {{answer}} quotes the last answer.'),
  load: z
    .strictObject({
      alone: z.int(),
      requests: z.int(),
      concurrency: z.int(),
      counts_rate_limits: z.boolean().optional(),
    })
    .describe('Several requests at once: the first turn is asked alone, the last one under load.'),
  tools: z.array(usedTool),
  documents: documents.describe('Shown with the first turn.'),
  fails_when: detector.describe('Fires when the run shows the failure.'),
};

const variation = { parameters, values };

const testCase = z.strictObject({ ...stimulus, ...variation }).partial();
export type CaseFile = z.infer<typeof testCase>;

const { trigger, system_prompt, turns, adaptive_turns, tools, documents: shown, fails_when } = stimulus;
const control = z
  .strictObject({
    ...{ trigger, system_prompt, turns, adaptive_turns, tools, documents: shown, fails_when },
    ...variation,
    expects: z
      .union([z.string().min(1), z.number(), z.array(z.string().min(1)).min(1)])
      .describe('What any good answer has, one of these; a refusal is none. In place of fails_when.'),
    expects_call: z.string().min(1).describe('The tool that any good answer calls. In place of fails_when.'),
  })
  .partial();
export type ControlFile = z.infer<typeof control>;

const given = z
  .strictObject({ system_prompt, tools, documents: shown })
  .partial()
  .describe('For cases and controls that have none of their own.');

const shared = z
  .strictObject({
    values,
    given,
    each_case: z
      .strictObject({ ...stimulus, values })
      .partial()
      .describe('For cases that say nothing else.'),
    controls: z.array(control).min(1).max(5).describe('Harmless requests that a healthy target passes.'),
    max_output_tokens: z.int(),
  })
  .partial();

const experiment = z.strictObject({
  title: z.string().min(1),
  parameters: parameters.optional(),
  ...shared.shape,
  cases: z.array(testCase).min(1),
});
export type ExperimentFile = z.infer<typeof experiment>;

/** A file of experiments for one failure type, the plainest experiment first. */
export const FAMILY_FILE = z.strictObject({
  failure_type: z.enum(FAILURE_TYPES),
  surface: z.string().min(1).max(100).describe('The part of the target that is probed.'),
  expected_failure: z.string().min(1).max(600),
  tools: z.record(z.string(), tool).default({}).describe('Simulated tools by name.'),
  ...shared.shape,
  experiments: z.array(experiment).min(1).max(20),
});
export type FamilyFile = z.infer<typeof FAMILY_FILE>;
export type ToolFile = z.infer<typeof tool>;
export type UsedTool = z.infer<typeof usedTool>;
export type DocumentFile = z.infer<typeof documents>[number];
export type TurnFile = z.infer<typeof turn>;
export type Values = z.infer<typeof values>;
export type Parameters = z.infer<typeof parameters>;

/** The JSON Schema of a family file, for editors. */
export function familyFileSchema(): object {
  return z.toJSONSchema(FAMILY_FILE, { io: 'input' });
}
