import { OpenAI } from 'openai';
import { CallError } from '../ports/call-error';
import { boundedFetch } from './bounded-fetch';
import { callProvider, type TimedAnswer } from './provider-call';

interface ChatCompletionsSettings {
  readonly baseUrl: string;
  /** Left out: no key is sent. */
  readonly apiKey?: string | undefined;
  readonly timeoutMs: number;
}

/** A Chat Completions request; the output limit goes by the name that the endpoint takes. */
export type CompletionBody = Omit<
  OpenAI.ChatCompletionCreateParamsNonStreaming,
  'max_tokens' | 'max_completion_tokens'
> & { readonly max_tokens: number };

/** An endpoint with OpenAI's Chat Completions; `complete` makes one answer, and nothing is tried again after a failure. */
export interface ChatCompletions {
  /** @throws {CallError} */
  complete(body: CompletionBody, signal: AbortSignal): Promise<TimedAnswer<unknown>>;
  /** Lists models, which is not billed. @throws {CallError} */
  listModels(signal: AbortSignal, timeoutMs: number): Promise<void>;
}

/** Hosts of OpenAI's own models, of which the newer ones refuse `max_tokens` (API reference, “Create chat completion”). */
const OPENAI_HOST = /(^|\.)(openai\.com|openai\.azure\.com)$/;

/** The endpoint at a base URL, which ends with `/v1` or the like. */
export function chatCompletionsAt({ baseUrl, apiKey, timeoutMs }: ChatCompletionsSettings): ChatCompletions {
  const client = new OpenAI({
    // The SDK insists on a key; without one the header is left out.
    apiKey: apiKey ?? 'none',
    defaultHeaders: apiKey === undefined ? { Authorization: null } : {},
    // Or else it would take them from OPENAI_* and send them to whatever endpoint this is.
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: baseUrl,
    fetch: boundedFetch,
    maxRetries: 0,
    timeout: timeoutMs,
  });
  let limitName = limitNameAt(baseUrl);

  async function send(body: CompletionBody, signal: AbortSignal): Promise<TimedAnswer<unknown>> {
    const { max_tokens: limit, ...rest } = body;
    return callProvider(signal, timeoutMs, (ending) =>
      client.chat.completions.create({ ...rest, [limitName]: limit }, { signal: ending }),
    );
  }

  return {
    async complete(body, signal) {
      const sentAs = limitName;
      try {
        return await send(body, signal);
      } catch (error) {
        // A request refused for the name of its limit was not billed; the endpoint itself says which name it wants.
        const wantsOther = error instanceof CallError && error.message.includes('max_completion_tokens');
        if (!wantsOther || error.kind !== 'refused' || sentAs === 'max_completion_tokens') throw error;
        limitName = 'max_completion_tokens';
        return send(body, signal);
      }
    },
    async listModels(signal, listTimeoutMs) {
      await callProvider(signal, listTimeoutMs, (ending) => client.get('/models', { signal: ending }));
    },
  };
}

/** The name of the output limit: compatible servers know `max_tokens`, OpenAI would rather have its successor. */
export function limitNameAt(baseUrl: string): 'max_tokens' | 'max_completion_tokens' {
  return OPENAI_HOST.test(new URL(baseUrl).hostname) ? 'max_completion_tokens' : 'max_tokens';
}
