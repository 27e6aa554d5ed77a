import { z } from 'zod';
import { chatCompletionsAt } from '../model-http/chat-completions';
import { targetKind } from './kind';
import { keyOf, LIVE_SETTINGS, liveTarget } from './live-target';
import { chatReplyOf, completionRequestOf } from './openai-messages';

const settingsSchema = LIVE_SETTINGS.extend({
  kind: z.literal('openai'),
  base_url: z.url({ protocol: /^https?$/ }),
  model: z.string().min(1).max(200),
});

/** Any endpoint that speaks OpenAI's Chat Completions: OpenAI, Ollama, vLLM, llama.cpp, OpenRouter … */
export const openai = targetKind(settingsSchema, (name, settings, env) => {
  const { model, base_url: baseUrl } = settings;
  const apiKey = keyOf(name, settings.api_key_env, env);
  const endpoint = chatCompletionsAt({ baseUrl, apiKey, timeoutMs: settings.timeout_seconds * 1_000 });
  return liveTarget(name, settings, {
    kind: settings.kind,
    model,
    description: `the model ${model} behind an OpenAI-compatible endpoint`,
    async chat(request, signal) {
      const { answer, latencyMs } = await endpoint.complete(completionRequestOf(model, request), signal);
      return chatReplyOf(answer, model, latencyMs);
    },
  });
});
