import {
  anything,
  array,
  assert,
  bigInt,
  constantFrom,
  dictionary,
  oneof,
  property,
  string,
} from 'fast-check';
import type { Attributes } from '../../../src/domain/trace';
import { readGenAi, summariseGenAi } from '../../../src/ingest/genai';
import { spanOf } from '../../support/trace-spans';

const KEYS = [
  '__proto__',
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.prompt.0.content',
  'gen_ai.prompt.0',
  'gen_ai.prompt',
  'gen_ai.completion.0.tool_calls.0.name',
  'gen_ai.tool.definitions',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  'gen_ai.operation.name',
  'gen_ai.response.finish_reasons',
  'gen_ai.tool.name',
  'llm.input_messages.0.message.role',
  'llm.input_messages.99999999999.message',
  'llm.token_count.prompt',
  'llm.tools',
  'openinference.span.kind',
  'traceloop.span.kind',
  'ai.operationId',
  'ai.prompt',
  'ai.response.toolCalls',
  '_dd.llmobs.span_kind',
  'anthropic.request.model',
  'meta',
  'metadata',
  'type',
  'model',
  'usageDetails',
  'input',
  'output',
] as const;

const value = oneof(
  constantFrom(
    'tool',
    'chat',
    'GENERATION',
    'TOOL',
    '[{"role":"user","content":[{"type":"text"}]}]',
    '{"a":{"b":[[[1]]]}}',
  ),
  bigInt(),
  string(),
  anything({ withBigInt: true, withTypedArray: true, withObjectString: true, maxDepth: 4 }),
);

describe('readGenAi', () => {
  it('never throws, and counts only whole numbers, whatever the attributes hold', () => {
    assert(
      property(
        dictionary(oneof(constantFrom(...KEYS), string()), value),
        array(dictionary(constantFrom('content', 'message', 'finish_reason', 'gen_ai.prompt'), value), {
          maxLength: 3,
        }),
        constantFrom('otlp' as const, 'datadog' as const, 'langfuse' as const),
        (attributes, events, format) => {
          const span = spanOf({
            format,
            // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what no type would let through is the point
            attributes: attributes as Attributes,
            events: events.map((held) => ({
              name: 'gen_ai.choice',
              // oxlint-disable-next-line typescript/no-unsafe-type-assertion
              attributes: held as Attributes,
            })),
          });
          const operation = readGenAi(span);
          const { input_tokens: input, output_tokens: output } = summariseGenAi([span]);
          expect(Number.isSafeInteger(input) && Number.isSafeInteger(output)).toBe(true);
          for (const call of operation?.toolCalls ?? []) {
            expect([typeof call.id, typeof call.name, typeof call.arguments]).toEqual([
              'string',
              'string',
              'string',
            ]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads deep and long values without hanging', () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    const key = `gen_ai.prompt${'.0'.repeat(3_000)}`;
    const many = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [`gen_ai.prompt.${at}.content`, 'x']),
    );
    expect(readGenAi(spanOf({ attributes: { 'gen_ai.input.messages': deep, [key]: 1 } }))).toBeDefined();
    expect(readGenAi(spanOf({ attributes: many }))?.inputMessages).toHaveLength(5_000);
  });
});
