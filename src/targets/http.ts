import { z } from 'zod';
import type { JsonValue } from '../domain/chat';
import { boundedFetch } from '../model-http/bounded-fetch';
import { callProvider } from '../model-http/provider-call';
import { readHttpReply, RESPONSE_PATHS } from './http-reply';
import { HttpTemplate } from './http-template';
import { invalidTarget, targetKind } from './kind';
import { keyOf, LIVE_SETTINGS, liveTarget } from './live-target';

const MAX_TEMPLATE_CHARS = 100_000;
const MAX_SHOWN_BODY_CHARS = 200;

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'Expected the name of a header');
const headerValue = z
  .string()
  .max(4_000)
  .regex(/^[\t\x20-\x7e]*$/, 'Expected printable ASCII');
const json: z.ZodType<JsonValue> = z.json();

const settingsSchema = LIVE_SETTINGS.extend({
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
  /** How it is named in records, and its price found in `cost.prices`. */
  model: z.string().min(1).max(200).optional(),
  headers: z.record(headerName, headerValue).default({}),
  /** The header that takes the key of `api_key_env`, and what stands before it there. */
  auth_header: headerName.default('Authorization'),
  auth_prefix: headerValue.default('Bearer '),
  request: json.refine(
    (template) => JSON.stringify(template).length <= MAX_TEMPLATE_CHARS,
    `Expected at most ${MAX_TEMPLATE_CHARS} characters`,
  ),
  response: RESPONSE_PATHS,
});
type HttpSettings = z.infer<typeof settingsSchema>;

/** An answer with a status that is none of success; its shape is that of the SDKs' errors. */
class HttpStatusError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    body: string,
  ) {
    super(`${status} ${body.slice(0, MAX_SHOWN_BODY_CHARS)}`.trim());
    this.name = 'HttpStatusError';
  }
}

/** Any endpoint that takes JSON and answers JSON. */
export const http = targetKind(settingsSchema, (name, settings, env) => {
  const template = templateOf(name, settings);
  const headers = headersOf(settings, keyOf(name, settings.api_key_env, env));
  const model = settings.model ?? name;
  return liveTarget(name, settings, {
    kind: settings.kind,
    model,
    description: `the application at ${new URL(settings.url).origin}`,
    async chat(request, signal) {
      const body = JSON.stringify(template.fill(request));
      const { answer, latencyMs } = await callProvider(signal, settings.timeout_seconds * 1_000, (ending) =>
        send(settings, headers, body, ending),
      );
      return readHttpReply(answer, settings.response, model, latencyMs);
    },
  });
});

async function send(
  { url, method }: HttpSettings,
  headers: Headers,
  body: string,
  signal: AbortSignal,
): Promise<unknown> {
  const response = await boundedFetch(url, { method, headers, body, signal });
  const text = await response.text();
  if (!response.ok) throw new HttpStatusError(response.status, response.headers, text);
  return JSON.parse(text) as unknown;
}

function headersOf({ headers, auth_header, auth_prefix }: HttpSettings, key: string | undefined): Headers {
  const sent = new Headers(headers);
  sent.set('content-type', 'application/json');
  if (!sent.has('accept')) sent.set('accept', 'application/json');
  if (key !== undefined) sent.set(auth_header, `${auth_prefix}${key}`);
  return sent;
}

function templateOf(name: string, settings: HttpSettings): HttpTemplate {
  const template = new HttpTemplate(settings.request);
  const problem = template.problem();
  if (problem !== undefined) throw invalidTarget(name, ['request'], problem);
  const carriesSystem = template.names.has('messages') || template.names.has('system');
  if (settings.system_prompt !== '' && !carriesSystem) {
    const missing = 'Expected {{messages}} or {{system}} somewhere, or the system_prompt is never sent';
    throw invalidTarget(name, ['request'], missing);
  }
  return template;
}
