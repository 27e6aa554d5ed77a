import { z } from 'zod';

/** Who serves models over OpenAI's protocol: where, and the setting that holds their key; those without one take none. */
const PROVIDERS = {
  openai: { baseUrl: 'https://api.openai.com/v1', key: 'api_key' },
  groq: { baseUrl: 'https://api.groq.com/openai/v1', key: 'groq_api_key' },
  openrouter: { baseUrl: 'https://openrouter.ai/api/v1', key: 'openrouter_api_key' },
  together: { baseUrl: 'https://api.together.xyz/v1', key: 'together_api_key' },
  ollama: { baseUrl: 'http://127.0.0.1:11434/v1', key: undefined },
  vllm: { baseUrl: 'http://127.0.0.1:8000/v1', key: undefined },
  llamacpp: { baseUrl: 'http://127.0.0.1:8080/v1', key: undefined },
} as const;
type ProviderName = keyof typeof PROVIDERS;
const PROVIDER_NAMES = [
  'openai',
  'groq',
  'openrouter',
  'together',
  'ollama',
  'vllm',
  'llamacpp',
] as const satisfies readonly ProviderName[];

const key = z.string().min(1).optional();

/** `openai` in tinman.yaml: the researcher's model over OpenAI's Chat Completions. */
export const OPENAI_SETTINGS = z.strictObject({
  provider: z.enum(PROVIDER_NAMES).optional(),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  model: z.string().min(1).max(200).optional(),
  api_key: key,
  groq_api_key: key,
  openrouter_api_key: key,
  together_api_key: key,
  max_output_tokens: z.int().min(256).max(200_000).default(16_000),
});
type Given = z.output<typeof OPENAI_SETTINGS>;

/** The endpoint of the researcher's model. */
export interface OpenAiSettings {
  /** How records name it: a known provider, or `openai-compatible` for a base URL alone. */
  readonly provider: string;
  readonly baseUrl: string;
  /** Left out: none is sent. */
  readonly apiKey?: string;
  readonly model: string;
  readonly maxOutputTokens: number;
}

/** The endpoint that the settings name; undefined while something of it is missing. */
export function openAiSettingsOf(given: Given): OpenAiSettings | undefined {
  const { model, max_output_tokens: maxOutputTokens } = given;
  if (model === undefined || openAiMistake(given) !== undefined) return undefined;
  const apiKey = keyOf(given);
  return {
    provider: given.provider ?? (given.base_url === undefined ? 'openai' : 'openai-compatible'),
    baseUrl: given.base_url ?? PROVIDERS[given.provider ?? 'openai'].baseUrl,
    ...(apiKey === undefined ? {} : { apiKey }),
    model,
    maxOutputTokens,
  };
}

/** What the researcher openai needs beyond what is given; undefined when nothing is missing. */
export function openAiMistake(given: Given): string | undefined {
  if (given.model === undefined) return 'openai needs a model; set TINMAN_OPENAI_MODEL';
  const { provider = 'openai', base_url: baseUrl } = given;
  const setting = PROVIDERS[provider].key;
  if (setting === undefined || baseUrl !== undefined || given[setting] !== undefined) return undefined;
  const variable = setting === 'api_key' ? 'OPENAI_API_KEY' : setting.toUpperCase();
  return `${provider} needs ${variable}`;
}

/** A key goes to the provider it is of, and OpenAI's to a base URL of one's own as well. */
function keyOf(given: Given): string | undefined {
  const setting = PROVIDERS[given.provider ?? 'openai'].key;
  return setting === undefined ? undefined : given[setting];
}
