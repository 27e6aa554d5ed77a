import type { Attributes } from '../../../src/domain/trace';
import type { GenAiOperation } from '../../../src/domain/trace-genai';
import { readGenAi } from '../../../src/ingest/genai';
import { spanOf, type SpanSketch } from '../../support/trace-spans';

function read(sketch: SpanSketch): GenAiOperation {
  const operation = readGenAi(spanOf(sketch));
  if (operation === null) throw new Error('nothing was read');
  return operation;
}

const CALL = { id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' };

const EXECUTIONS: Readonly<Record<string, SpanSketch>> = {
  OpenTelemetry: {
    name: 'execute_tool weather',
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'weather',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.call.arguments': { city: 'Rome' },
      'gen_ai.tool.call.result': '{"degrees":21}',
    },
  },
  'Pydantic AI': {
    attributes: {
      'gen_ai.tool.name': 'weather',
      'gen_ai.tool.call.id': 'call_1',
      tool_arguments: '{"city":"Rome"}',
      tool_response: '{"degrees":21}',
    },
  },
  OpenInference: {
    attributes: {
      'openinference.span.kind': 'TOOL',
      'tool.name': 'weather',
      'tool_call.id': 'call_1',
      'input.value': '{"city":"Rome"}',
      'output.value': '{"degrees":21}',
    },
  },
  'the AI SDK': {
    attributes: {
      'ai.operationId': 'ai.toolCall',
      'ai.toolCall.name': 'weather',
      'ai.toolCall.id': 'call_1',
      'ai.toolCall.args': '{"city":"Rome"}',
      'ai.toolCall.result': '{"degrees":21}',
    },
  },
  'Datadog LLM Observability': {
    name: 'weather',
    format: 'datadog',
    attributes: {
      kind: 'tool',
      input: { value: '{"city":"Rome"}' },
      output: { value: '{"degrees":21}' },
      metadata: { tool_id: 'call_1' },
    },
  },
};

describe('the execution of a tool in each convention', () => {
  it.each(Object.entries(EXECUTIONS))('%s', (_name, sketch) => {
    const operation = read(sketch);
    expect(operation.operation).toBe('tool');
    expect(operation.executed).toEqual({ ...CALL, result: '{"degrees":21}' });
  });

  it('OpenLLMetry, which gives no id', () => {
    const operation = read({
      attributes: {
        'traceloop.span.kind': 'tool',
        'traceloop.entity.name': 'weather',
        'traceloop.entity.input': '{"city":"Rome"}',
        'traceloop.entity.output': '{"degrees":21}',
      },
    });
    expect(operation.executed).toEqual({ ...CALL, id: '', result: '{"degrees":21}' });
  });

  it('an observation of Langfuse, by its name', () => {
    const attributes: Attributes = { type: 'TOOL', input: { city: 'Rome' }, output: '{"degrees":21}' };
    const operation = read({ name: 'weather', format: 'langfuse', attributes });
    expect(operation.executed).toEqual({ ...CALL, id: '', result: '{"degrees":21}' });
  });
});
