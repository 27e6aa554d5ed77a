import { z } from 'zod';
import {
  startProtocolServer,
  type Fault,
  type Protocol,
  type ProtocolServer,
  type Script,
  type ServerOptions,
} from './protocol-server';

const role = z.enum(['user', 'assistant']);
const textBlock = z.looseObject({
  text: z.string(),
  cache_control: z.object({ type: z.string() }).optional(),
});
const contentBlock = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string().min(1) }),
  z.looseObject({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.looseObject({}) }),
  z.looseObject({ type: z.literal('tool_result'), tool_use_id: z.string(), content: z.string() }),
]);
/** Content of either form: its text, and its blocks where it came in blocks. */
const sentMessage = z
  .looseObject({ role, content: z.union([z.string().min(1), z.array(contentBlock).min(1)]) })
  .transform(({ content, ...rest }) => ({
    ...rest,
    content:
      typeof content === 'string'
        ? content
        : content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    blocks: typeof content === 'string' ? [] : content,
  }));
const requestSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  system: z
    .union([z.array(textBlock), z.string().transform((text) => [textBlock.parse({ text })])])
    .default([]),
  messages: z
    .array(sentMessage)
    .min(1)
    .refine(resultsFollowTheirCalls, 'Expected the results of all tool calls in the next message'),
  tools: z
    .array(z.looseObject({ name: z.string(), input_schema: z.looseObject({ type: z.literal('object') }) }))
    .default([]),
  tool_choice: z.looseObject({ type: z.string() }).optional(),
  temperature: z.number().min(0).max(1).optional(),
});

/** A Messages request, as far as the researcher and targets use the protocol. */
type AnthropicRequest = z.infer<typeof requestSchema>;

export interface AnthropicAnswer {
  /** The input of the answer tool; left out: the answer has text only. */
  readonly output?: unknown;
  readonly text?: string;
  /** Calls of tools that are not the answer tool. */
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly input: object }[];
  /** `tool_use` with an output and `end_turn` without, unless given. */
  readonly stopReason?: string;
  readonly usage?: {
    readonly input_tokens?: number;
    readonly output_tokens?: number;
    readonly cache_read_input_tokens?: number | null;
    readonly cache_creation_input_tokens?: number | null;
  };
}

export type AnthropicScript = Script<AnthropicRequest, AnthropicAnswer | Fault>;

/** `url` is the base URL for the SDK. */
export interface AnthropicServer extends ProtocolServer<AnthropicRequest> {
  readonly url: string;
}

/** A local endpoint of Anthropic's Messages protocol with scripted answers. */
export async function startAnthropicServer(
  script: AnthropicScript,
  options?: ServerOptions,
): Promise<AnthropicServer> {
  const server = await startProtocolServer(MESSAGES, script, options);
  return Object.assign(server, { url: server.origin });
}

const MESSAGES: Protocol<AnthropicRequest, AnthropicAnswer> = {
  path: '/v1/messages',
  request: requestSchema,
  errorBody: (status, message) => ({ type: 'error', error: { type: errorType(status), message } }),
  render: (answer, request, call) => ({
    id: `msg_${call}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: [
      ...(answer.text === undefined ? [] : [{ type: 'text', text: answer.text }]),
      ...(answer.output === undefined
        ? []
        : [{ type: 'tool_use', id: `toolu_${call}`, name: request.tools[0]?.name, input: answer.output }]),
      ...(answer.toolCalls ?? []).map((toolCall) => ({ type: 'tool_use', ...toolCall })),
    ],
    stop_reason: answer.stopReason ?? (usesTool(answer) ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: {
      input_tokens: 100,
      output_tokens: 50,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      ...answer.usage,
    },
  }),
};

function usesTool({ output, toolCalls = [] }: AnthropicAnswer): boolean {
  return output !== undefined || toolCalls.length > 0;
}

/** What the provider demands: after tool calls comes one message with all their results. */
function resultsFollowTheirCalls(messages: readonly z.infer<typeof sentMessage>[]): boolean {
  return messages.every(({ blocks }, index) => {
    const called = blocks.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const answered = (messages[index + 1]?.blocks ?? []).flatMap((block) =>
      block.type === 'tool_result' ? [block.tool_use_id] : [],
    );
    return called.every((id) => answered.includes(id)) && answered.every((id) => called.includes(id));
  });
}

function errorType(status: number): string {
  if (status === 429) return 'rate_limit_error';
  if (status === 529) return 'overloaded_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}
