import { resolve } from 'node:path';
import { z } from 'zod';
import {
  OUTBOUND_EVENT_PATTERNS,
  OUTBOUND_EVENT_TYPES,
  typesMatching,
  type OutboundEventType,
} from '../domain/outbound-events';

const url = z
  .url({ protocol: /^https?$/, error: 'Expected a URL that begins with https:// or http://' })
  .max(2_000)
  .refine((text) => !/^https?:\/\/[^/?#]*@/i.test(text), 'Expected a URL without a name and password');

const webhook = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,99}$/, 'Expected a name of small letters, digits, - and _'),
    url,
    secret_file: z.string().min(1).optional(),
    secret_env: z.string().min(1).optional(),
    events: z
      .array(z.enum(OUTBOUND_EVENT_PATTERNS))
      .min(1)
      .default([...OUTBOUND_EVENT_TYPES]),
  })
  .refine(
    ({ secret_file: file, secret_env: variable }) => (file === undefined) !== (variable === undefined),
    'Expected one of secret_file and secret_env',
  );

/** `webhooks` in tinman.yaml: who is told what happens. */
export const WEBHOOK_SETTINGS = z
  .array(webhook)
  .max(100)
  .refine(
    (webhooks) => new Set(webhooks.map(({ name }) => name)).size === webhooks.length,
    'Expected a different name for each',
  );

/** An endpoint that is told what happens. */
export interface WebhookSettings {
  readonly name: string;
  readonly url: string;
  /** Where the secret is: an absolute path, or the name of a variable. */
  readonly secret: { readonly file: string } | { readonly env: string };
  readonly events: readonly OutboundEventType[];
}

export function webhookSettingsOf(
  webhooks: z.output<typeof WEBHOOK_SETTINGS>,
  cwd: string,
): readonly WebhookSettings[] {
  return webhooks.map(({ name, url: address, secret_file: file, secret_env: variable, events }) => ({
    name,
    url: address,
    secret: file === undefined ? { env: variable ?? '' } : { file: resolve(cwd, file) },
    events: typesMatching(events),
  }));
}
