import { z } from 'zod';
import {
  startProtocolServer,
  type Fault,
  type Protocol,
  type ProtocolServer,
  type Script,
  type ServerOptions,
} from './protocol-server';

/** What a home-made application might take: no protocol of any provider. */
const requestSchema = z.strictObject({
  tenant: z.string(),
  options: z.looseObject({ limit: z.int(), heat: z.number().optional(), seed: z.int().optional() }),
  history: z.array(z.looseObject({ role: z.string(), content: z.string().nullish() })).min(1),
  instructions: z.string().optional(),
  question: z.string(),
  functions: z.array(z.looseObject({ name: z.string(), parameters: z.looseObject({}) })).optional(),
});
type AppRequest = z.infer<typeof requestSchema>;

export interface AppAnswer {
  readonly text?: string;
  readonly actions?: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  readonly ended?: string;
  /** Null: no usage is told. */
  readonly tokens?: { readonly in: number; readonly out: number; readonly cached?: number } | null;
}

/** A local application with a JSON interface of its own and scripted answers. */
export function startHttpAppServer(
  script: Script<AppRequest, AppAnswer | Fault>,
  options?: ServerOptions,
): Promise<ProtocolServer<AppRequest>> {
  return startProtocolServer(APPLICATION, script, options);
}

const APPLICATION: Protocol<AppRequest, AppAnswer> = {
  path: '/api/chat',
  request: requestSchema,
  errorBody: (status, message) => ({ ok: false, status, message }),
  render: ({ text, actions, ended, tokens }) => ({
    ok: true,
    reply: { parts: [{ text: text ?? null }], actions: actions ?? null },
    ...(ended === undefined ? {} : { ended }),
    served_by: 'app-7',
    ...(tokens === null ? {} : { tokens: tokens ?? { in: 100, out: 50 } }),
  }),
};

/** The settings of a target that speaks to it. */
export function httpAppSettings(origin: string): Record<string, unknown> {
  return {
    kind: 'http',
    url: `${origin}/api/chat`,
    request: {
      tenant: 'bikes',
      options: { limit: '{{max_output_tokens}}', heat: '{{temperature}}', seed: '{{seed}}' },
      history: '{{conversation}}',
      instructions: '{{system}}',
      question: 'Q: {{user}}',
      functions: '{{tools}}',
    },
    response: {
      text: 'reply.parts[0].text',
      tool_calls: '/reply/actions',
      finish_reason: '/ended',
      model: '/served_by',
      input_tokens: '/tokens/in',
      output_tokens: '/tokens/out',
      cached_tokens: '/tokens/cached',
    },
  };
}
