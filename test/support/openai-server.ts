import { z } from 'zod';
import {
  startProtocolServer,
  type Fault,
  type Protocol,
  type ProtocolServer,
  type Script,
  type ServerOptions,
} from './protocol-server';

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
        content: z.string().nullish(),
        tool_call_id: z.string().optional(),
        tool_calls: z.array(z.unknown()).optional(),
      }),
    )
    .min(1),
  tools: z
    .array(z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }))
    .optional(),
  max_tokens: z.int().positive().optional(),
  temperature: z.number().optional(),
  seed: z.int().optional(),
});

/** A Chat Completions request, as far as targets use the protocol. */
type OpenAiRequest = z.infer<typeof requestSchema>;

export interface OpenAiAnswer {
  readonly content?: string | null;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string; readonly id?: string }[];
  /** `tool_calls` with tool calls and `stop` without, unless given. */
  readonly finishReason?: string;
  /** Null: the server reports no usage. */
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details?: { readonly cached_tokens: number };
  } | null;
}

export type OpenAiScript = Script<OpenAiRequest, OpenAiAnswer | Fault>;

/** `url` is the base URL for the SDK, with its `/v1`. */
export interface OpenAiServer extends ProtocolServer<OpenAiRequest> {
  readonly url: string;
}

/** A local OpenAI-compatible chat endpoint with scripted answers. */
export async function startOpenAiServer(
  script: OpenAiScript,
  options?: ServerOptions,
): Promise<OpenAiServer> {
  const server = await startProtocolServer(CHAT_COMPLETIONS, script, options);
  return Object.assign(server, { url: `${server.origin}/v1` });
}

const CHAT_COMPLETIONS: Protocol<OpenAiRequest, OpenAiAnswer> = {
  path: '/v1/chat/completions',
  request: requestSchema,
  errorBody: (status, message) => ({ error: { message, type: 'error', code: status } }),
  render: (answer, request, call) => ({
    id: `chatcmpl-${call}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: request.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.content ?? null,
          ...(answer.toolCalls === undefined
            ? {}
            : {
                tool_calls: answer.toolCalls.map((toolCall, index) => ({
                  id: toolCall.id ?? `call_${call}_${index}`,
                  type: 'function',
                  function: { name: toolCall.name, arguments: toolCall.arguments },
                })),
              }),
        },
        finish_reason: answer.finishReason ?? (answer.toolCalls === undefined ? 'stop' : 'tool_calls'),
      },
    ],
    ...(answer.usage === null
      ? {}
      : { usage: answer.usage ?? { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 } }),
  }),
};
