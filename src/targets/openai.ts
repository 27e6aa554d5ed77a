import { OpenAI } from 'openai';
import { z } from 'zod';
import type { TokenPrice } from '../domain/money';
import type { TargetDescription } from '../domain/target';
import { boundedFetch } from '../model-http/bounded-fetch';
import { callProvider } from '../model-http/provider-call';
import type { Target } from '../ports/target';
import { chatReplyOf, completionRequestOf } from './openai-messages';
import { invalidTarget, targetKind, type Environment } from './kind';

const usdPerMtok = z.number().nonnegative().max(10_000);
const settingsSchema = z.strictObject({
  kind: z.literal('openai'),
  base_url: z.url({ protocol: /^https?$/ }),
  model: z.string().min(1).max(200),
  /** The name of the environment variable that holds the key; left out: the endpoint takes none. */
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'Expected the name of an environment variable')
    .optional(),
  system_prompt: z.string().max(50_000).default(''),
  description: z.string().max(4_000).optional(),
  max_output_tokens: z.int().min(1).max(200_000).default(512),
  temperature: z.number().min(0).max(2).optional(),
  price: z.strictObject({ input_usd_per_mtok: usdPerMtok, output_usd_per_mtok: usdPerMtok }).optional(),
  timeout_seconds: z.number().positive().max(3_600).default(120),
});
type OpenAiSettings = z.infer<typeof settingsSchema>;

/** Any endpoint that speaks OpenAI's Chat Completions: OpenAI, Ollama, vLLM, llama.cpp, OpenRouter … */
export const openai = targetKind(settingsSchema, createOpenAiTarget);

function createOpenAiTarget(name: string, settings: OpenAiSettings, env: Environment): Target {
  const timeoutMs = settings.timeout_seconds * 1_000;
  const key = keyOf(name, settings, env);
  const client = new OpenAI({
    // The SDK insists on a key; without one the header is left out.
    apiKey: key ?? 'none',
    defaultHeaders: key === undefined ? { Authorization: null } : {},
    // Or else it would take them from OPENAI_* and send them to whatever endpoint this is.
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: settings.base_url,
    fetch: boundedFetch,
    maxRetries: 0,
    timeout: timeoutMs,
  });

  return {
    describe: describeTarget(name, settings),
    async chat(request, signal) {
      const body = completionRequestOf(settings.model, request);
      const { answer, latencyMs } = await callProvider(signal, timeoutMs, (ending) =>
        client.chat.completions.create(body, { signal: ending }),
      );
      return chatReplyOf(answer, settings.model, latencyMs);
    },
  };
}

function keyOf(name: string, { api_key_env }: OpenAiSettings, env: Environment): string | undefined {
  if (api_key_env === undefined) return undefined;
  const key = env[api_key_env];
  if (key === undefined || key === '')
    throw invalidTarget(name, ['api_key_env'], `${api_key_env} is not set`);
  return key;
}

function describeTarget(name: string, settings: OpenAiSettings): TargetDescription {
  const { model, price, temperature } = settings;
  return {
    name,
    kind: settings.kind,
    description: settings.description ?? `the model ${model} behind an OpenAI-compatible endpoint`,
    model,
    simulated: false,
    realTools: false,
    ...(price === undefined ? {} : { price: priceOf(price) }),
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

function priceOf(price: NonNullable<OpenAiSettings['price']>): TokenPrice {
  return { inputUsdPerMtok: price.input_usd_per_mtok, outputUsdPerMtok: price.output_usd_per_mtok };
}
