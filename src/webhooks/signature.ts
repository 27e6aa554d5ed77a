import { createHmac } from 'node:crypto';

/** Bytes of a secret, by the Standard Webhooks specification. */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes of a secret written as `whsec_` and base64; undefined for any other text. */
export function secretBytes(text: string): Buffer | undefined {
  const encoded = /^whsec_(.+)$/.exec(text.trim())?.[1];
  if (encoded === undefined || !BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES ? bytes : undefined;
}

/**
 * The headers that let a receiver verify a message (Standard Webhooks 1.0): its id, the time of the attempt in Unix
 * seconds, and HMAC-SHA256 over id, time and body.
 */
export function signedHeaders(secret: Buffer, id: string, at: Date, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
