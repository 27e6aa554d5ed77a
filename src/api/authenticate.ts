import type { Context } from 'koa';
import { ANONYMOUS, roleIncludes, type Principal, type Role } from '../domain/access';
import { isLoopback } from '../loopback';
import type { ApiKeys } from '../ports/access';
import { HttpProblem } from './problem';
import { createRateLimits } from './rate-limits';

/** How long an answer that goes on may outlive the key it was asked for with. */
const REVOCATION_POLL_MS = 1_000;

/** Whoever may do everything, as long as there is no key at all and only this machine can ask. */
const KEYLESS: Principal = { name: ANONYMOUS, role: 'admin', keyId: null };

/** Finds out who asks, and whether they may. */
export interface Authenticator {
  /** @throws {HttpProblem} 401 without a valid key where one is needed, 403 when its role is not enough, 429 when it asks too often. */
  principalOf(ctx: Context, access: Role | 'open'): Promise<Principal>;
  /** Ends an answer that goes on once the key of its request is no longer in force. */
  endWithKey(ctx: Context, answer: AbortController): void;
}

export function createAuthenticator(
  keys: Pick<ApiKeys, 'exist' | 'principalOf'>,
  { requestsPerMinute, keyless }: { readonly requestsPerMinute: number; readonly keyless: boolean },
): Authenticator {
  const limits = createRateLimits(requestsPerMinute);

  const withoutKey = async (ctx: Context): Promise<Principal> => {
    await limits.countRequest(ctx.ip);
    if (!keyless || (await keys.exist())) {
      throw unauthenticated('An API key is needed: Authorization: Bearer tinman_…');
    }
    // A page whose own name was made to lead here (DNS rebinding), or a proxy for others, asks by another name.
    if (!isLoopback(ctx.hostname)) {
      throw unauthenticated('While there is no API key, only requests to localhost are answered.');
    }
    return KEYLESS;
  };

  const withKey = async (ctx: Context, presented: string): Promise<Principal> => {
    const principal = await keys.principalOf(presented);
    if (principal?.keyId == null) {
      await limits.countWrongKey(ctx.ip);
      throw unauthenticated('The key is malformed, unknown or revoked.');
    }
    await limits.countRequest(principal.keyId);
    return principal;
  };

  return {
    async principalOf(ctx, access) {
      if (access === 'open') return KEYLESS;
      const presented = bearerOf(ctx);
      const principal = presented === undefined ? await withoutKey(ctx) : await withKey(ctx, presented);
      if (!roleIncludes(principal.role, access)) throw forbidden(principal.role, access);
      return principal;
    },

    endWithKey(ctx, answer) {
      const presented = bearerOf(ctx);
      if (presented === undefined || answer.signal.aborted) return;
      const look = async (): Promise<void> => {
        if ((await keys.principalOf(presented)) === undefined) answer.abort();
      };
      // A look that fails says nothing of the key: the answer outlives an outage of the database.
      const timer = setInterval(() => void look().catch(() => undefined), REVOCATION_POLL_MS);
      answer.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

/** Undefined without the header; what cannot be a key is an empty text, which is nobody's. */
function bearerOf(ctx: Context): string | undefined {
  const header = ctx.get('Authorization');
  if (header === '') return undefined;
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header)?.[1] ?? '';
}

function unauthenticated(detail: string): HttpProblem {
  return new HttpProblem(401, 'unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}

function forbidden(role: Role, needed: Role): HttpProblem {
  const detail = `This needs a key of the role ${needed}; this one is of the role ${role}.`;
  return new HttpProblem(403, 'forbidden', detail, { members: { role_needed: needed } });
}
