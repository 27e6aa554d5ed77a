import type { GenAiOperation } from '../../../src/domain/trace-genai';
import { readGenAi } from '../../../src/ingest/genai';
import { spanOf, type SpanSketch } from '../../support/trace-spans';

function read(sketch: SpanSketch): GenAiOperation {
  const operation = readGenAi(spanOf(sketch));
  if (operation === null) throw new Error('nothing was read');
  return operation;
}

const CALL = { id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' };

/** The same exchange as each convention writes it. */
const EXCHANGES: Readonly<Record<string, SpanSketch>> = {
  'OpenTelemetry, with messages as JSON': {
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'asked',
      'gen_ai.response.model': 'answered',
      'gen_ai.usage.input_tokens': 100n,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.cache_read.input_tokens': 40,
      'gen_ai.response.finish_reasons': ['tool_call'],
      'gen_ai.conversation.id': 'talk',
      'gen_ai.system_instructions': '[{"type":"text","content":"Be brief."}]',
      'gen_ai.input.messages': JSON.stringify([
        { role: 'user', parts: [{ type: 'text', content: 'How is Rome?' }] },
      ]),
      'gen_ai.output.messages': JSON.stringify([
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'call_1', name: 'weather', arguments: { city: 'Rome' } }],
          finish_reason: 'tool_call',
        },
      ]),
      'gen_ai.tool.definitions': '[{"type":"function","name":"weather","parameters":{"type":"object"}}]',
    },
  },
  'OpenTelemetry, with messages as events': {
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'asked',
      'gen_ai.response.model': 'answered',
      'gen_ai.usage.prompt_tokens': 100,
      'gen_ai.usage.completion_tokens': '20',
      'gen_ai.usage.cache_read_input_tokens': 40,
      'gen_ai.conversation.id': 'talk',
      'gen_ai.request.tools':
        '[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]',
    },
    events: [
      { name: 'gen_ai.system.message', attributes: { content: 'Be brief.' } },
      { name: 'gen_ai.user.message', attributes: { content: 'How is Rome?' } },
      {
        name: 'gen_ai.choice',
        attributes: {
          finish_reason: 'tool_call',
          message: JSON.stringify({
            tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
          }),
        },
      },
    ],
  },
  OpenInference: {
    attributes: {
      'openinference.span.kind': 'LLM',
      'llm.provider': 'openai',
      'llm.model_name': 'answered',
      'llm.token_count.prompt': 100,
      'llm.token_count.completion': 20,
      'llm.token_count.prompt_details.cache_read': 40,
      'llm.finish_reason': 'tool_call',
      'session.id': 'talk',
      'llm.input_messages.0.message.role': 'system',
      'llm.input_messages.0.message.content': 'Be brief.',
      'llm.input_messages.1.message.role': 'user',
      'llm.input_messages.1.message.contents.0.message_content.type': 'text',
      'llm.input_messages.1.message.contents.0.message_content.text': 'How is Rome?',
      'llm.output_messages.0.message.role': 'assistant',
      'llm.output_messages.0.message.tool_calls.0.tool_call.id': 'call_1',
      'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'weather',
      'llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments': '{"city":"Rome"}',
      'llm.tools.0.tool.json_schema':
        '{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}',
    },
  },
  OpenLLMetry: {
    attributes: {
      'llm.request.type': 'chat',
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'asked',
      'gen_ai.response.model': 'answered',
      'gen_ai.usage.prompt_tokens': 100,
      'gen_ai.usage.completion_tokens': 20,
      'llm.usage.total_tokens': 120,
      'gen_ai.usage.cache_read_input_tokens': 40,
      'traceloop.association.properties.session_id': 'talk',
      'gen_ai.prompt.0.role': 'system',
      'gen_ai.prompt.0.content': 'Be brief.',
      'gen_ai.prompt.1.role': 'user',
      'gen_ai.prompt.1.content': '[{"type":"text","text":"How is Rome?"}]',
      'gen_ai.completion.0.role': 'assistant',
      'gen_ai.completion.0.finish_reason': 'tool_call',
      'gen_ai.completion.0.tool_calls.0.id': 'call_1',
      'gen_ai.completion.0.tool_calls.0.name': 'weather',
      'gen_ai.completion.0.tool_calls.0.arguments': '{"city":"Rome"}',
      'llm.request.functions.0.name': 'weather',
      'llm.request.functions.0.parameters': '{"type":"object"}',
    },
  },
  'the AI SDK': {
    attributes: {
      'ai.operationId': 'ai.generateText.doGenerate',
      'ai.model.provider': 'openai',
      'ai.model.id': 'asked',
      'ai.response.model': 'answered',
      'ai.usage.inputTokens': 100,
      'ai.usage.outputTokens': 20,
      'ai.usage.cachedInputTokens': 40,
      'ai.response.finishReason': 'tool_call',
      'ai.telemetry.metadata.sessionId': 'talk',
      'ai.prompt.messages': JSON.stringify([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'How is Rome?' }] },
      ]),
      'ai.prompt.tools': ['{"type":"function","name":"weather","inputSchema":{"type":"object"}}'],
      'ai.response.toolCalls':
        '[{"toolCallId":"call_1","toolName":"weather","input":"{\\"city\\":\\"Rome\\"}"}]',
    },
  },
  'Datadog LLM Observability': {
    format: 'datadog',
    attributes: {
      kind: 'llm',
      model_name: 'answered',
      model_provider: 'openai',
      session_id: 'talk',
      input: {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'How is Rome?' },
        ],
      },
      output: {
        messages: [
          {
            role: 'assistant',
            content: '',
            tool_calls: [{ tool_id: 'call_1', name: 'weather', arguments: { city: 'Rome' } }],
          },
        ],
      },
      metadata: { stop_reason: 'tool_call' },
      tool_definitions: [{ name: 'weather', schema: { type: 'object' } }],
      input_tokens: 100,
      output_tokens: 20,
      total_tokens: 120,
      cache_read_input_tokens: 40,
    },
  },
  'tags of Datadog LLM Observability': {
    format: 'datadog',
    attributes: {
      '_ml_obs.meta.span.kind': 'llm',
      '_ml_obs.meta.model_name': 'answered',
      '_ml_obs.meta.model_provider': 'openai',
      '_ml_obs.session_id': 'talk',
      '_ml_obs.meta.input.messages': JSON.stringify([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'How is Rome?' },
      ]),
      '_ml_obs.meta.output.messages': [
        {
          role: 'assistant',
          tool_calls: [{ tool_id: 'call_1', name: 'weather', arguments: { city: 'Rome' } }],
        },
      ],
      '_ml_obs.meta.metadata': { stop_reason: 'tool_call' },
      '_ml_obs.meta.tool_definitions': '[{"name":"weather","schema":{"type":"object"}}]',
      '_ml_obs.metrics': { input_tokens: 100, output_tokens: 20, cache_read_input_tokens: 40 },
    },
  },
  'an observation of Langfuse': {
    format: 'langfuse',
    attributes: {
      type: 'GENERATION',
      model: 'answered',
      sessionId: 'talk',
      usageDetails: { input: 60, input_cached_tokens: 40, output: 20, total: 120 },
      input: {
        tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'How is Rome?' },
        ],
      },
      output: JSON.stringify({
        choices: [
          {
            finish_reason: 'tool_call',
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [
                {
                  id: 'call_1',
                  type: 'function',
                  function: { name: 'weather', arguments: '{"city":"Rome"}' },
                },
              ],
            },
          },
        ],
      }),
      metadata: { attributes: { 'gen_ai.system': 'openai', 'gen_ai.request.model': 'asked' } },
    },
  },
};

describe('the same exchange in each convention', () => {
  it.each(Object.entries(EXCHANGES))('%s', (_name, sketch) => {
    const operation = read(sketch);
    expect(operation).toMatchObject({
      operation: 'chat',
      provider: 'openai',
      responseModel: 'answered',
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40 },
      finishReasons: ['tool_call'],
      conversationId: 'talk',
      toolCalls: [CALL],
      toolDefinitions: [{ name: 'weather', parameters: '{"type":"object"}' }],
    });
    expect(operation.inputMessages.map(({ role, text }) => [role, text])).toEqual([
      ['system', 'Be brief.'],
      ['user', 'How is Rome?'],
    ]);
  });
});

describe('what the conventions differ in', () => {
  it('says nothing of a span that says nothing', () => {
    expect(readGenAi(spanOf({ attributes: { 'http.method': 'GET', 'session.id': 'talk' } }))).toBeNull();
  });

  it('takes the outer spans of the AI SDK for what they are', () => {
    const outer = read({ attributes: { 'ai.operationId': 'ai.generateText', 'ai.usage.promptTokens': 5 } });
    expect(outer.operation).toBe('workflow');
  });

  it('takes an agent without an operation name for an agent', () => {
    expect(read({ attributes: { agent_name: 'helper', 'gen_ai.usage.input_tokens': 5 } }).operation).toBe(
      'agent',
    );
  });

  it('keeps every digit of an argument', () => {
    const output =
      '[{"role":"assistant","parts":[{"type":"tool_call","name":"t","arguments":{"id":9007199254740993}}]}]';
    expect(read({ attributes: { 'gen_ai.output.messages': output } }).toolCalls[0]?.arguments).toBe(
      '{"id":9007199254740993}',
    );
  });

  it('reads Anthropic, Gemini and Responses messages', () => {
    const input = JSON.stringify([
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'sunny' }] }],
      },
      { role: 'model', parts: [{ functionCall: { name: 'f', args: { x: 1 } } }] },
      { type: 'function_call_output', call_id: 'b', output: 'done' },
    ]);
    const { inputMessages } = read({ attributes: { 'gen_ai.input.messages': input } });
    expect(inputMessages.flatMap(({ toolResults }) => toolResults)).toEqual([
      { callId: 'a', name: null, result: 'sunny' },
      { callId: 'b', name: null, result: 'done' },
    ]);
    expect(inputMessages[1]?.toolCalls).toEqual([{ id: '', name: 'f', arguments: '{"x":1}' }]);
  });

  it('reads what a tool declares', () => {
    const definitions = JSON.stringify([
      { name: 'pay', annotations: { destructiveHint: true }, requires: ['quote'] },
      { functionDeclarations: [{ name: 'quote' }] },
    ]);
    const { toolDefinitions } = read({ attributes: { 'gen_ai.tool.definitions': definitions } });
    expect(toolDefinitions).toMatchObject([
      { name: 'pay', destructive: true, requires: ['quote'] },
      { name: 'quote', destructive: null, requires: [] },
    ]);
  });
});
