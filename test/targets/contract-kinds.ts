import type { Target } from '../../src/ports/target';
import { createTargetDirectory } from '../../src/targets';
import { startAnthropicServer, type AnthropicAnswer } from '../support/anthropic-server';
import { httpAppSettings, startHttpAppServer, type AppAnswer } from '../support/http-app-server';
import { startOpenAiServer, type OpenAiAnswer } from '../support/openai-server';
import type { Fault, ProtocolServer, Script } from '../support/protocol-server';

/** What a target's endpoint answers, in no protocol's words. */
interface NeutralAnswer {
  readonly text?: string;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly input: object }[];
  readonly finish?: 'length' | 'content_filter' | 'unheard_of';
  /** All input, the cached part of it, and output. */
  readonly tokens?: { readonly in: number; readonly cached: number; readonly out: number };
}

/** How a request reached the endpoint, in no protocol's words. */
interface SeenRequest {
  readonly key: string | undefined;
  readonly system: string | undefined;
  readonly lastUser: string | undefined;
  readonly limit: number;
  readonly temperature: number | undefined;
  readonly seed: number | undefined;
  readonly toolNames: readonly string[];
  readonly toolSchemas: readonly unknown[];
  /** Ids and texts of tool results. */
  readonly results: readonly (readonly [id: string, text: string])[];
}

export interface RunningEndpoint {
  readonly calls: number;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
  /** A target of the kind at this endpoint. */
  target(settings?: object, env?: Readonly<Record<string, string>>): Target;
}

export type NeutralScript = Script<SeenRequest, NeutralAnswer | Fault>;

/** A kind of live target with a local endpoint that speaks its protocol. */
export interface LiveKind {
  readonly kind: string;
  /** What the target says the answering model is. */
  readonly answeredBy: string;
  readonly takesSeed: boolean;
  readonly start: (script: NeutralScript) => Promise<RunningEndpoint>;
}

/** Every kind with an endpoint, by its name in the registry. */
export const LIVE_KINDS: readonly LiveKind[] = [
  {
    kind: 'openai',
    answeredBy: 'tiny',
    takesSeed: true,
    async start(script) {
      const seenOf = ({ headers, body }: (typeof server)['requests'][number]): SeenRequest => ({
        key: headers.authorization,
        system: body.messages.find(({ role }) => role === 'system')?.content ?? undefined,
        lastUser: body.messages.findLast(({ role }) => role === 'user')?.content ?? undefined,
        limit: body.max_tokens ?? 0,
        temperature: body.temperature,
        seed: body.seed,
        toolNames: (body.tools ?? []).map((tool) => tool.function.name),
        toolSchemas: (body.tools ?? []).map((tool) => tool.function['parameters']),
        results: body.messages
          .filter(({ role }) => role === 'tool')
          .map(({ tool_call_id: id = '', content }) => [id, content ?? '']),
      });
      const server = await startOpenAiServer((body, call) =>
        renderAs(openAiAnswer, script, seenOf({ headers: {}, body }), call),
      );
      return running(server, seenOf, { kind: 'openai', base_url: server.url, model: 'tiny' });
    },
  },
  {
    kind: 'anthropic',
    answeredBy: 'tiny',
    takesSeed: false,
    async start(script) {
      const seenOf = ({ headers, body }: (typeof server)['requests'][number]): SeenRequest => ({
        key: headers.authorization,
        system: body.system[0]?.text,
        lastUser: body.messages.findLast(({ role, content }) => role === 'user' && content !== '')?.content,
        limit: body.max_tokens,
        temperature: body.temperature,
        seed: undefined,
        toolNames: body.tools.map(({ name }) => name),
        toolSchemas: body.tools.map(({ input_schema }) => input_schema),
        results: body.messages.flatMap(({ blocks }) =>
          blocks.flatMap((block) =>
            block.type === 'tool_result' ? [[block.tool_use_id, block.content] as const] : [],
          ),
        ),
      });
      const server = await startAnthropicServer((body, call) =>
        renderAs(anthropicAnswer, script, seenOf({ headers: {}, body }), call),
      );
      return running(server, seenOf, { kind: 'anthropic', base_url: server.url, model: 'tiny' });
    },
  },
  {
    kind: 'http',
    answeredBy: 'app-7',
    takesSeed: true,
    async start(script) {
      const seenOf = ({ headers, body }: (typeof server)['requests'][number]): SeenRequest => ({
        key: headers.authorization,
        system: body.instructions,
        lastUser: body.question.replace(/^Q: /, ''),
        limit: body.options.limit,
        temperature: body.options.heat,
        seed: body.options.seed,
        toolNames: (body.functions ?? []).map(({ name }) => name),
        toolSchemas: (body.functions ?? []).map(({ parameters }) => parameters),
        results: body.history
          .filter(({ role }) => role === 'tool')
          .map((message) => [String(message['tool_call_id']), message.content ?? '']),
      });
      const server = await startHttpAppServer((body, call) =>
        renderAs(appAnswer, script, seenOf({ headers: {}, body }), call),
      );
      return running(server, seenOf, httpAppSettings(server.origin));
    },
  },
];

function running<Body>(
  server: ProtocolServer<Body>,
  seenOf: (request: ProtocolServer<Body>['requests'][number]) => SeenRequest,
  base: object,
): RunningEndpoint {
  return {
    get calls() {
      return server.calls;
    },
    get seen() {
      return server.requests.map(seenOf);
    },
    close: () => server.close(),
    target: (settings = {}, env = {}) =>
      createTargetDirectory({ live: { ...base, ...settings } }, env).get('live'),
  };
}

async function renderAs<Answer>(
  render: (answer: NeutralAnswer) => Answer,
  script: NeutralScript,
  seen: SeenRequest,
  call: number,
): Promise<Answer | Fault> {
  const answer =
    typeof script === 'function' ? await script(seen, call) : (script[call] ?? script.at(-1) ?? script[0]);
  return 'fault' in answer ? answer : render(answer);
}

function openAiAnswer({ text, toolCalls, finish, tokens }: NeutralAnswer): OpenAiAnswer {
  return {
    ...(text === undefined ? {} : { content: text }),
    ...(toolCalls === undefined
      ? {}
      : {
          toolCalls: toolCalls.map(({ id, name, input }) => ({ id, name, arguments: JSON.stringify(input) })),
        }),
    ...(finish === undefined ? {} : { finishReason: finish }),
    ...(tokens === undefined
      ? {}
      : {
          usage: {
            prompt_tokens: tokens.in,
            completion_tokens: tokens.out,
            prompt_tokens_details: { cached_tokens: tokens.cached },
          },
        }),
  };
}

const ANTHROPIC_STOPS = { length: 'max_tokens', content_filter: 'refusal', unheard_of: 'unheard_of' };

function anthropicAnswer({ text, toolCalls, finish, tokens }: NeutralAnswer): AnthropicAnswer {
  return {
    ...(text === undefined ? {} : { text }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
    ...(finish === undefined ? {} : { stopReason: ANTHROPIC_STOPS[finish] }),
    ...(tokens === undefined
      ? {}
      : {
          usage: {
            input_tokens: tokens.in - tokens.cached,
            output_tokens: tokens.out,
            cache_read_input_tokens: tokens.cached,
          },
        }),
  };
}

function appAnswer({ text, toolCalls, finish, tokens }: NeutralAnswer): AppAnswer {
  return {
    ...(text === undefined ? {} : { text }),
    ...(toolCalls === undefined
      ? {}
      : { actions: toolCalls.map(({ id, name, input }) => ({ id, name, arguments: input })) }),
    ...(finish === undefined ? {} : { ended: finish }),
    ...(tokens === undefined ? {} : { tokens }),
  };
}
