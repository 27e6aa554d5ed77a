import { z } from 'zod';
import type { ChatReply, ChatRequest, JsonObject } from '../domain/chat';
import type { TokenPrice } from '../domain/money';
import type { TargetDescription } from '../domain/target';
import type { Target } from '../ports/target';
import { CallGate } from './call-gate';
import { invalidTarget, type Environment } from './kind';

const usdPerMtok = z.number().nonnegative().max(10_000);
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** A tool of the application, described by JSON Schema; experiments serve its results in order, the last one repeated. */
const tool = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'Expected a tool name of letters, digits, _ and -, at most 64'),
  description: z.string().min(1).max(1_000),
  parameters: jsonObject.refine(({ type }) => type === 'object', 'Expected a JSON Schema of type object'),
  results: z
    .array(z.union([z.string(), z.json()]))
    .min(1)
    .max(10)
    .transform((results) => results.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))))
    .pipe(z.array(z.string().max(4_000))),
  destructive: z.exactOptional(z.boolean()),
});

/** Settings that every kind of live target takes. */
export const LIVE_SETTINGS = z.strictObject({
  /** The name of the environment variable that holds the key; left out: the endpoint takes none. */
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'Expected the name of an environment variable')
    .optional(),
  system_prompt: z.string().max(50_000).default(''),
  description: z.string().max(4_000).optional(),
  max_output_tokens: z.int().min(1).max(200_000).default(512),
  temperature: z.number().min(0).max(2).optional(),
  price: z
    .strictObject({
      input_usd_per_mtok: usdPerMtok,
      output_usd_per_mtok: usdPerMtok,
      cache_read_usd_per_mtok: usdPerMtok.optional(),
      cache_write_usd_per_mtok: usdPerMtok.optional(),
    })
    .optional(),
  timeout_seconds: z.number().positive().max(3_600).default(120),
  /** In any minute, over all plays of this process; left out: no limit. */
  requests_per_minute: z.int().min(1).max(1_000_000).optional(),
  /** Calls at once, over all plays of this process; left out: no limit. */
  max_concurrency: z.int().min(1).max(10_000).optional(),
  tools: z
    .array(tool)
    .max(32)
    .refine(
      (tools) => new Set(tools.map(({ name }) => name)).size === tools.length,
      'Expected each name once',
    )
    .default([]),
});
type LiveSettings = z.infer<typeof LIVE_SETTINGS>;

/** What one kind adds to the settings that all share. */
interface Endpoint {
  readonly kind: string;
  readonly model: string;
  /** Where the settings say nothing of it. */
  readonly description: string;
  /** One call, without retries; timed by itself, so that waiting for a turn is no latency. */
  readonly chat: (request: ChatRequest, signal: AbortSignal) => Promise<ChatReply>;
}

/** A target outside this process; all its calls pass one gate. */
export function liveTarget(name: string, settings: LiveSettings, endpoint: Endpoint): Target {
  const { requests_per_minute: requestsPerMinute, max_concurrency: maxConcurrency } = settings;
  const gate = new CallGate({ requestsPerMinute, maxConcurrency });
  return {
    describe: describeTarget(name, settings, endpoint),
    chat: (request, signal) => gate.pass(signal, () => endpoint.chat(request, signal)),
  };
}

/**
 * The key of a target from the variable that its settings name.
 * @throws {DomainError} `invalid_configuration` when it is not set.
 */
export function keyOf(name: string, variable: string | undefined, env: Environment): string | undefined {
  if (variable === undefined) return undefined;
  const key = env[variable];
  if (key === undefined || key === '') throw invalidTarget(name, ['api_key_env'], `${variable} is not set`);
  // Said here, or else it would be said with the key in the message.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw invalidTarget(name, ['api_key_env'], `${variable} holds what no header takes`);
  }
  return key;
}

function describeTarget(name: string, settings: LiveSettings, endpoint: Endpoint): TargetDescription {
  const { price, temperature, tools } = settings;
  return {
    name,
    kind: endpoint.kind,
    description: settings.description ?? endpoint.description,
    model: endpoint.model,
    simulated: false,
    realTools: false,
    ...(price === undefined ? {} : { price: priceOf(price) }),
    ...(tools.length === 0 ? {} : { tools }),
    configuration: {
      systemPrompt: settings.system_prompt,
      ...(temperature === undefined ? {} : { temperature }),
      maxOutputTokens: settings.max_output_tokens,
      inputGuardrails: [],
      outputGuardrails: [],
      toolPolicies: [],
      retrieval: {},
    },
  };
}

function priceOf(price: NonNullable<LiveSettings['price']>): TokenPrice {
  const { cache_read_usd_per_mtok: cacheRead, cache_write_usd_per_mtok: cacheWrite } = price;
  return {
    inputUsdPerMtok: price.input_usd_per_mtok,
    outputUsdPerMtok: price.output_usd_per_mtok,
    ...(cacheRead === undefined ? {} : { cacheReadUsdPerMtok: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWriteUsdPerMtok: cacheWrite }),
  };
}
