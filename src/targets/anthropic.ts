import { z } from 'zod';
import { anthropicClient, readMessagesReply } from '../model-http/anthropic-messages';
import { callProvider } from '../model-http/provider-call';
import { messagesChatReply, messagesRequestOf } from './anthropic-messages';
import { targetKind } from './kind';
import { keyOf, LIVE_SETTINGS, liveTarget } from './live-target';

const settingsSchema = LIVE_SETTINGS.extend({
  kind: z.literal('anthropic'),
  /** Left out: Anthropic's own. */
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  model: z.string().min(1).max(200),
  temperature: z.number().min(0).max(1).optional(),
});

/** An endpoint with Anthropic's Messages API. */
export const anthropic = targetKind(settingsSchema, (name, settings, env) => {
  const { model, base_url: baseUrl, api_key_env: variable } = settings;
  const timeoutMs = settings.timeout_seconds * 1_000;
  // Anthropic itself takes no request without a key.
  const apiKey = keyOf(name, variable ?? (baseUrl === undefined ? 'ANTHROPIC_API_KEY' : undefined), env);
  const client = anthropicClient({ apiKey, baseUrl, timeoutMs });
  return liveTarget(name, settings, {
    kind: settings.kind,
    model,
    description: `the model ${model} behind Anthropic's Messages API`,
    async chat(request, signal) {
      const { answer, latencyMs } = await callProvider(signal, timeoutMs, (ending) =>
        client.messages.create(messagesRequestOf(model, request), { signal: ending }),
      );
      return messagesChatReply(readMessagesReply(answer), latencyMs);
    },
  });
});
