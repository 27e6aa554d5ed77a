import { z } from 'zod';
import { FINISH_REASONS } from '../domain/chat';
import type { Detector } from '../domain/detector';
import { rubricPlaceProblem, rubricsIn } from '../domain/detectors/judged-detector';
import { jsonObject, pattern, text } from './schemas-fields';

const scope = z.exactOptional(z.union([z.enum(['final', 'any']), z.int().min(0).max(50)]));
const caseSensitive = z.exactOptional(z.boolean());
const toolName = text(64);
const members = z
  .array(z.lazy(() => node))
  .min(1)
  .max(8);

const judged = z.strictObject({
  kind: z.literal('judged'),
  rubric: text(1_500),
  votes: z.exactOptional(z.union([z.literal(1), z.literal(3), z.literal(5)])),
});

const node: z.ZodType<Detector> = z
  .lazy(() =>
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('contains'),
        any: z.array(text(500)).min(1).max(20),
        in: scope,
        caseSensitive,
      }),
      z.strictObject({ kind: z.literal('exact'), text: text(2_000), in: scope, caseSensitive }),
      z.strictObject({
        kind: z.literal('regex'),
        pattern,
        flags: z.exactOptional(z.string().regex(/^[ims]{0,3}$/, 'Expected flags out of i, m and s')),
        in: scope,
      }),
      z.strictObject({ kind: z.literal('json_schema_violated'), schema: jsonObject, in: scope }),
      z.strictObject({
        kind: z.literal('numeric_wrong'),
        expected: z.number(),
        tolerance: z.exactOptional(z.number().nonnegative()),
        in: scope,
      }),
      z.strictObject({
        kind: z.literal('canary_leak'),
        canary: z.string().trim().min(6).max(200),
        in: scope,
      }),
      z.strictObject({
        kind: z.literal('tool_called'),
        tool: toolName,
        arguments: z.exactOptional(jsonObject),
        atLeast: z.exactOptional(z.int().min(1).max(50)),
      }),
      z.strictObject({ kind: z.literal('tool_arguments_violate'), tool: toolName, schema: jsonObject }),
      z.strictObject({ kind: z.literal('tool_order_violated'), earlier: toolName, later: toolName }),
      z.strictObject({ kind: z.literal('tool_loop'), times: z.int().min(2).max(50) }),
      z.strictObject({
        kind: z.literal('tool_calls_grow'),
        tool: z.exactOptional(toolName),
        atLeast: z.exactOptional(z.int().min(2).max(50)),
      }),
      z.strictObject({ kind: z.literal('unknown_tool') }),
      z.strictObject({ kind: z.literal('latency_above'), ms: z.int().min(1).max(600_000) }),
      z.strictObject({
        kind: z.literal('latency_ratio_above'),
        ratio: z.number().min(1).max(1_000),
        atLeastMs: z.exactOptional(z.int().min(0).max(600_000)),
      }),
      z.strictObject({ kind: z.literal('rate_limited_above'), share: z.number().min(0).lt(1) }),
      z.strictObject({ kind: z.literal('output_tokens_above'), tokens: z.int().min(1).max(200_000) }),
      z.strictObject({ kind: z.literal('finish_reason'), reason: z.enum(FINISH_REASONS) }),
      z.strictObject({ kind: z.literal('refusal'), in: scope }),
      judged,
      z.strictObject({ kind: z.literal('all'), of: members }),
      z.strictObject({ kind: z.literal('any'), of: members }),
      z.strictObject({ kind: z.literal('at_least'), count: z.int().min(1).max(8), of: members }),
      z.strictObject({ kind: z.literal('not'), of: node }),
    ]),
  )
  .meta({ id: 'Detector' });

const MAX_DEPTH = 5;
const MAX_NODES = 40;

/** The whole detector language, bounded in depth and size. */
export const detectorSchema: z.ZodType<Detector> = node.superRefine((detector, context) => {
  const { depth, nodes } = extentOf(detector);
  if (depth > MAX_DEPTH) context.addIssue(`Expected at most ${MAX_DEPTH} levels of detectors`);
  if (nodes > MAX_NODES) context.addIssue(`Expected at most ${MAX_NODES} detectors in one`);
  if (unreachable(detector)) context.addIssue('Expected at_least to count no more than its members');
  const misplaced = rubricPlaceProblem(detector);
  if (misplaced !== undefined) context.addIssue(misplaced);
});

/** The same without rubrics, for what is decided while the run goes on. */
export const ruleSchema: z.ZodType<Detector> = detectorSchema.refine(
  (detector) => rubricsIn(detector).length === 0,
  'Expected rules only: a turn waits for no judge',
);

function extentOf(detector: Detector): { readonly depth: number; readonly nodes: number } {
  const inner = membersOf(detector).map(extentOf);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    nodes: 1 + inner.reduce((sum, { nodes }) => sum + nodes, 0),
  };
}

function unreachable(detector: Detector): boolean {
  if (detector.kind === 'at_least' && detector.count > detector.of.length) return true;
  return membersOf(detector).some(unreachable);
}

function membersOf(detector: Detector): readonly Detector[] {
  if (!('of' in detector)) return [];
  return detector.kind === 'not' ? [detector.of] : detector.of;
}
