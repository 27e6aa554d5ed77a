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
const requestSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  system: z.array(
    z.looseObject({ text: z.string(), cache_control: z.object({ type: z.string() }).optional() }),
  ),
  messages: z.array(z.looseObject({ role, content: z.string().min(1) })).min(1),
  tools: z.array(
    z.looseObject({ name: z.string(), input_schema: z.looseObject({ type: z.literal('object') }) }),
  ),
  tool_choice: z.looseObject({ type: z.string() }).optional(),
});

/** A Messages request, as far as the researcher uses the protocol. */
type AnthropicRequest = z.infer<typeof requestSchema>;

export interface AnthropicAnswer {
  /** The input of the answer tool; left out: the answer has text only. */
  readonly output?: unknown;
  readonly text?: string;
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
    ],
    stop_reason: answer.stopReason ?? (answer.output === undefined ? 'end_turn' : 'tool_use'),
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

function errorType(status: number): string {
  if (status === 429) return 'rate_limit_error';
  if (status === 529) return 'overloaded_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}
