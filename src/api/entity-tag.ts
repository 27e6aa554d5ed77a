import { createHash } from 'node:crypto';
import type { Reply } from './route';

/**
 * The answer with a strong entity tag over it, or 304 where the client has it already (RFC 9110, 8.8.3 and 13.1.2).
 * Caches must ask again each time.
 */
export function revalidated(body: object, ifNoneMatch: string | undefined): Reply {
  const tag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
  const headers = { ETag: tag, 'Cache-Control': 'private, no-cache' };
  return isKnown(tag, ifNoneMatch) ? { status: 304, headers } : { status: 200, headers, body };
}

/** If-None-Match compares weakly: a tag that something on the way has weakened is still the same. */
function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known.includes(tag) || known.includes('*');
}
