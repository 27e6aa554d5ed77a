import type { OpenAI } from 'openai';
import { z } from 'zod';
import { chatCompletionsAt, type CompletionBody } from '../model-http/chat-completions';
import { completionUsage, readCompletion, type Completion } from '../model-http/completion';
import { objectInText, parseJson } from '../model-http/json-text';
import type { TimedAnswer } from '../model-http/provider-call';
import { CallError } from '../ports/call-error';
import type { Llm, LlmReply, LlmRequest } from '../ports/llm';
import type { LlmProvider } from './provider';

const settingsSchema = z.object({
  /** How records name it. */
  provider: z.string().min(1).max(50),
  base_url: z.url({ protocol: /^https?$/ }),
  /** Left out: none is sent. */
  api_key: z.string().min(1).optional(),
  model: z.string().min(1).max(200),
  timeout_seconds: z.number().positive().max(3_600).default(600),
});
type OpenAiCompatibleSettings = z.infer<typeof settingsSchema>;

/** A model over OpenAI's Chat Completions: OpenAI, Ollama, Groq, OpenRouter, Together, vLLM, llama.cpp … */
export const openaiCompatible: LlmProvider<typeof settingsSchema> = {
  settings: settingsSchema,
  create: createOpenAiCompatibleLlm,
};

/** How long the models endpoint may take to be called available. */
const AVAILABILITY_TIMEOUT_MS = 5_000;

/** Ways to get an answer of a schema, the most binding first. Many servers know only some of them. */
const WAYS = ['json_schema', 'tool', 'text'] as const;
type Way = (typeof WAYS)[number];

/** Refusals that are about the way an answer was asked for. */
const ABOUT_THE_WAY =
  /response.?format|json.?schema|invalid.schema|grammar|guided|structured.?output|\btools?\b|tool.?(choice|call)|function.?call|jinja/i;

/** What Groq says, with status 400, of an answer that its model spoilt. */
const SPOILT_ANSWER = /failed_generation/;

const STOP_REASONS: Readonly<Record<string, LlmReply['stopReason']>> = {
  stop: 'answered',
  tool_calls: 'answered',
  function_call: 'answered',
  length: 'length',
  content_filter: 'refusal',
};

function createOpenAiCompatibleLlm(settings: OpenAiCompatibleSettings): Llm {
  const { provider, model, base_url: baseUrl, api_key: apiKey } = settings;
  const endpoint = chatCompletionsAt({ baseUrl, apiKey, timeoutMs: settings.timeout_seconds * 1_000 });
  /** The most binding way that the endpoint is not known to refuse. */
  let first = 0;

  /** A way that is refused cost nothing, and the next one is tried; what works is remembered. */
  async function send(request: LlmRequest, signal: AbortSignal): Promise<TimedAnswer<unknown>> {
    for (let way = first; ; way += 1) {
      try {
        const body = completionOf(model, request, WAYS[way] ?? 'text');
        const answered = await endpoint.complete(body, signal).catch(rethrowSpoilt);
        first = Math.max(first, way);
        return answered;
      } catch (error) {
        if (way === WAYS.length - 1 || !isAboutTheWay(error)) throw error;
      }
    }
  }

  return {
    provider,
    model,
    async ask(request, signal) {
      const { answer, latencyMs } = await send(request, signal);
      const completion = readCompletion(answer);
      return {
        ...outputOf(completion),
        ...completionUsage(completion.usage),
        model: completion.model ?? model,
        latencyMs,
      };
    },
    async available(signal) {
      try {
        await endpoint.listModels(signal, AVAILABILITY_TIMEOUT_MS);
        return true;
      } catch (error) {
        if (error instanceof CallError) return false;
        throw error;
      }
    },
  };
}

/**
 * What stays the same in a phase comes first, so that prefixes are cached. Servers that only constrain the answer by the
 * schema do not show it to the model, and some ignore it: it stands in the system message as well, except with a tool.
 */
function completionOf(model: string, request: LlmRequest, way: Way): CompletionBody {
  const { name, schema } = request.answer;
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: `${request.system}\n\n${wayOfAnswering(way, request)}` },
    ...request.messages.map(({ role, content }) => ({ role, content })),
  ];
  const body = { model, messages, max_tokens: request.maxOutputTokens };
  if (way === 'text') return body;
  if (way === 'json_schema') {
    return { ...body, response_format: { type: 'json_schema', json_schema: { name, schema } } };
  }
  return {
    ...body,
    tools: [{ type: 'function', function: { name, description: 'Takes your answer.', parameters: schema } }],
    tool_choice: { type: 'function', function: { name } },
  };
}

function wayOfAnswering(way: Way, { answer: { name, schema } }: LlmRequest): string {
  if (way === 'tool') return `Answer by calling the tool ${name} once, and write nothing else.`;
  return `Answer with one JSON object and nothing else. It must satisfy this JSON Schema:\n${JSON.stringify(schema)}`;
}

function outputOf({ choices }: Completion): Pick<LlmReply, 'output' | 'rawText' | 'stopReason'> {
  const { message, finish_reason } = choices[0];
  const rawText = answerText(message);
  return {
    output: parseJson(rawText) ?? objectInText(rawText) ?? rawText,
    rawText,
    stopReason: message.refusal ? 'refusal' : (STOP_REASONS[finish_reason ?? ''] ?? 'other'),
  };
}

function answerText({ tool_calls: calls, content, refusal }: Completion['choices'][0]['message']): string {
  return calls?.[0]?.function.arguments ?? (content || refusal) ?? '';
}

function isAboutTheWay(error: unknown): boolean {
  if (!(error instanceof CallError) || error.options.maybeBilled) return false;
  return (error.kind === 'refused' || error.kind === 'unavailable') && ABOUT_THE_WAY.test(error.message);
}

function rethrowSpoilt(error: unknown): never {
  if (!(error instanceof CallError) || !SPOILT_ANSWER.test(error.message)) throw error;
  throw new CallError('invalid_reply', error.message, { retryable: true, maybeBilled: true, cause: error });
}
