import { array, assert, constantFrom, integer, property, record, shuffledSubarray } from 'fast-check';
import { GenAiTally, readGenAi, summariseGenAi } from '../../../src/ingest/genai';
import { chatSpan, spanOf, toolSpan, traceIdOf, type SpanSketch } from '../../support/trace-spans';

const summary = (sketches: readonly SpanSketch[]) => summariseGenAi(sketches.map(spanOf));

const agent = (tokens: readonly [number, number], sketch: SpanSketch): SpanSketch => ({
  ...sketch,
  attributes: {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.usage.input_tokens': tokens[0],
    'gen_ai.usage.output_tokens': tokens[1],
  },
});

describe('summariseGenAi', () => {
  it('does not count again what agents and wrappers repeat', () => {
    expect(
      summary([
        agent([30, 12], { id: 'a' }),
        chatSpan({ tokens: [30, 12], model: 'wrapper' }, { id: 'b', parent: 'a' }),
        chatSpan({ tokens: [10, 5] }, { id: 'c', parent: 'b' }),
        chatSpan({ tokens: [20, 7] }, { id: 'd', parent: 'b' }),
      ]),
    ).toEqual({ models: ['model-1', 'wrapper'], input_tokens: 30, output_tokens: 12, tool_calls: 0 });
  });

  it('counts a call around another one that used tokens of its own', () => {
    expect(
      summary([
        chatSpan({ tokens: [11, 5] }, { id: 'a' }),
        chatSpan({ tokens: [10, 5] }, { id: 'b', parent: 'a' }),
      ]),
    ).toMatchObject({ input_tokens: 21, output_tokens: 10 });
  });

  it('takes the outermost agent where no model call is recorded', () => {
    expect(summary([agent([30, 12], { id: 'a' }), agent([20, 7], { id: 'b', parent: 'a' })])).toMatchObject({
      input_tokens: 30,
      output_tokens: 12,
    });
  });

  it('counts executed tools, of client and server one, and requested ones where none is executed', () => {
    const asking = chatSpan({
      output: [{ role: 'assistant', parts: [{ type: 'tool_call', id: 'call_1', name: 't', arguments: {} }] }],
    });
    const executed = toolSpan('t', {}, 'ok', { id: 'a' });
    const served = toolSpan('t', {}, 'ok', { id: 'b', parent: 'a' });
    expect(summary([asking]).tool_calls).toBe(1);
    expect(summary([asking, asking]).tool_calls).toBe(1);
    expect(summary([asking, executed, served]).tool_calls).toBe(1);
  });

  it('adds up as Langfuse does, which attributes tokens to one observation each', () => {
    const generation = (id: string, parent?: string): SpanSketch => ({
      id,
      ...(parent === undefined ? {} : { parent }),
      format: 'langfuse',
      attributes: { type: 'GENERATION', model: 'm', usageDetails: { input: 10, output: 5, total: 15 } },
    });
    expect(summary([generation('a'), generation('b', 'a')])).toMatchObject({
      input_tokens: 20,
      output_tokens: 10,
    });
  });

  it('does not depend on the order in which spans come', () => {
    const sketch = record({
      trace: integer({ min: 1, max: 3 }),
      kind: constantFrom('chat', 'agent', 'tool'),
      tokens: integer({ min: 0, max: 50 }),
    });
    assert(
      property(
        array(sketch, { maxLength: 12 }).chain((sketches) =>
          shuffledSubarray([...sketches.keys()], { minLength: sketches.length }).map((order) => ({
            sketches,
            order,
          })),
        ),
        ({ sketches, order }) => {
          const spans = sketches.map(({ trace, kind, tokens }, at) => {
            const place = {
              id: (at + 1).toString(16),
              traceId: traceIdOf(trace),
              ...(at % 3 === 0 ? {} : { parent: at.toString(16) }),
            };
            if (kind === 'tool') return spanOf(toolSpan('t', {}, 'ok', place));
            return spanOf(
              kind === 'agent' ? agent([tokens, 1], place) : chatSpan({ tokens: [tokens, 1] }, place),
            );
          });
          const tally = new GenAiTally();
          for (const at of order) {
            const span = spans[at];
            if (span !== undefined) tally.add(span, readGenAi(span));
          }
          expect(tally.summary).toEqual(summariseGenAi(spans));
        },
      ),
    );
  });

  it('closes traces when there are many, and loses nothing', () => {
    const tally = new GenAiTally();
    for (let number = 1; number <= 5_000; number += 1) {
      const span = spanOf({ ...chatSpan({ tokens: [2, 1] }), traceId: traceIdOf(number) });
      tally.add(span, readGenAi(span));
    }
    expect(tally.summary).toMatchObject({ input_tokens: 10_000, output_tokens: 5_000 });
  });
});
