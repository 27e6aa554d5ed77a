import { randomUUID } from 'node:crypto';
import type { Anthropic } from '@anthropic-ai/sdk';
import type { ToolDefinition } from '../domain/chat';
import { guardedMethod, type InOnePiece, type Method } from './client-method';
import { schemaOf, textsIn, withTexts, type ClientDialect, type SeenMessage } from './dialect';
import type { Guard } from './guard';

type Params = Anthropic.MessageCreateParamsNonStreaming;

/** As much of Anthropic's client as is guarded. */
interface Messages<Create> {
  readonly messages: { readonly create: Create };
}

/**
 * A client whose Messages go through a guard. It has nothing else, so that no request gets past by another method. Streams
 * are for requests whose answer nothing has to judge.
 */
export function guardAnthropic<Create extends Method>(
  client: Messages<Create>,
  guard: Guard,
): Messages<InOnePiece<Create>> {
  return { messages: { create: guardedMethod(guard, MESSAGES, client.messages) } };
}

const NOTHING_USED: Anthropic.Usage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_creation: null,
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  inference_geo: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  speed: null,
};

const MESSAGES: ClientDialect<Params, Anthropic.Message> = {
  read(params) {
    const { max_tokens: maxOutputTokens } = params;
    // Newer models take none, and newer SDKs do not name it.
    const temperature = 'temperature' in params ? params.temperature : undefined;
    return {
      systemPrompt: textsIn(params.system).at(-1) ?? '',
      messages: params.messages.map(seenMessage),
      tools: (params.tools ?? []).flatMap(definitionOf),
      ...(typeof temperature === 'number' ? { temperature } : {}),
      maxOutputTokens,
      streamed: Boolean(params.stream),
    };
  },

  write(params, seen, { systemPrompt, temperature, maxOutputTokens = params.max_tokens, texts }) {
    const prompt =
      systemPrompt === seen.systemPrompt ? {} : { system: withPrompt(params.system, systemPrompt) };
    return {
      ...params,
      ...prompt,
      max_tokens: maxOutputTokens,
      ...(temperature === undefined ? {} : { temperature }),
      messages: params.messages.flatMap((message, index) => sentMessage(message, texts[index] ?? null)),
    };
  },

  standIn: ({ model }, text) => ({
    id: `tinman-${randomUUID()}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text, citations: null }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: NOTHING_USED,
  }),

  // What is no message is for the application to see.
  answersOf: ({ content = [] }: Partial<Anthropic.Message>) => [
    {
      content: textsIn(content).join(''),
      toolCalls: content.flatMap((handle) => {
        if (handle.type !== 'tool_use') return [];
        const { id, name, input } = handle;
        return [{ call: { id, name, arguments: JSON.stringify(input) }, handle }];
      }),
    },
  ],

  rewrite(message, [answer]) {
    const { text, blocked } = answer ?? { text: '', blocked: true };
    const said = text === '' ? [] : [{ type: 'text' as const, text, citations: null }];
    if (blocked) return { ...message, content: said, stop_reason: 'end_turn' };
    // One text in place of all, where the first one stood: what is redacted may go over the edge of two.
    const first = message.content.findIndex(({ type }) => type === 'text');
    const content = message.content.flatMap((block, index): Anthropic.ContentBlock[] => {
      if (block.type !== 'text') return [block];
      return index === first ? said : [];
    });
    return { ...message, content };
  },
};

function withPrompt(system: Params['system'], prompt: string): string | Anthropic.TextBlockParam[] {
  if (system === undefined || system.length === 0) return prompt;
  return withTexts(system, textsIn(system).toSpliced(-1, 1, prompt));
}

/** Of a turn that is left out, results of tools stay: their calls have to be answered. */
function sentMessage(
  message: Anthropic.MessageParam,
  texts: readonly string[] | null,
): readonly Anthropic.MessageParam[] {
  if (texts !== null) {
    return message.role === 'user' ? [{ ...message, content: withTexts(message.content, texts) }] : [message];
  }
  if (message.role !== 'user' || typeof message.content === 'string') return [];
  const results = message.content.filter(({ type }) => type === 'tool_result');
  return results.length === 0 ? [] : [{ ...message, content: results }];
}

function seenMessage({ role, content }: Anthropic.MessageParam): SeenMessage {
  const texts = textsIn(content);
  const blocks = typeof content === 'string' ? [] : content;
  if (role === 'assistant') {
    const toolCalls = blocks.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ id: block.id, name: block.name, arguments: JSON.stringify(block.input) }]
        : [],
    );
    return { role, texts, toolCalls };
  }
  if (role !== 'user') return { role: 'other', texts };
  const results = blocks.flatMap((block): [string, string][] =>
    block.type === 'tool_result' ? [[block.tool_use_id, textsIn(block.content).join('')]] : [],
  );
  return { role, texts, toolResults: new Map(results) };
}

/** Anthropic's own tools run at Anthropic, and have no schema to hold a call against. */
function definitionOf(tool: Anthropic.ToolUnion): readonly ToolDefinition[] {
  if (!('input_schema' in tool)) return [];
  const { name, description = '', input_schema: parameters } = tool;
  return [{ name, description, parameters: schemaOf(parameters) }];
}
