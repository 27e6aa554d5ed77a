import type { Context } from 'koa';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ANONYMOUS, roleIncludes, type Principal, type Role } from '../domain/access';
import type { ApiKeys } from '../ports/access';
import { HttpProblem } from './problem';

/** Keys that were wrong, from one address: a guess has 256 bits to go, but a mistake need not cost us a thousand lookups. */
const FAILURES_PER_MINUTE = 20;
const MINUTE_SECONDS = 60;

/** Whoever may do everything, as long as there is no key at all; the service then listens on loopback only. */
const KEYLESS: Principal = { name: ANONYMOUS, role: 'admin', keyId: null };

/** Finds out who asks, and whether they may. */
export interface Authenticator {
  /** @throws {HttpProblem} 401 without a valid key where one is needed, 403 when its role is not enough, 429 when it asks too often. */
  principalOf(ctx: Context, access: Role | 'open'): Promise<Principal>;
}

export function createAuthenticator(
  keys: Pick<ApiKeys, 'exist' | 'principalOf'>,
  { requestsPerMinute }: { readonly requestsPerMinute: number },
): Authenticator {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: MINUTE_SECONDS });
  const failures = new RateLimiterMemory({ points: FAILURES_PER_MINUTE, duration: MINUTE_SECONDS });

  const keyed = async (ctx: Context, presented: string): Promise<Principal> => {
    const earlier = await failures.get(ctx.ip);
    if (earlier !== null && earlier.remainingPoints <= 0) throw tooMany(earlier.msBeforeNext);
    const principal = await keys.principalOf(presented);
    if (principal?.keyId == null) {
      await consume(failures, ctx.ip);
      throw unauthenticated('The key is malformed, unknown or revoked.');
    }
    await consume(requests, principal.keyId);
    return principal;
  };

  return {
    async principalOf(ctx, access) {
      if (access === 'open') return KEYLESS;
      const presented = bearerOf(ctx);
      if (presented === undefined) {
        if (!(await keys.exist())) return KEYLESS;
        throw unauthenticated('An API key is needed: Authorization: Bearer tinman_…');
      }
      const principal = await keyed(ctx, presented);
      if (!roleIncludes(principal.role, access)) {
        throw new HttpProblem(
          403,
          'forbidden',
          `This needs the role ${access}; the key is a ${principal.role}'s.`,
          {
            members: { role_needed: access },
          },
        );
      }
      return principal;
    },
  };
}

function bearerOf(ctx: Context): string | undefined {
  const header = ctx.get('Authorization');
  if (header === '') return undefined;
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header)?.[1] ?? '';
}

async function consume(limiter: RateLimiterMemory, who: string): Promise<void> {
  try {
    await limiter.consume(who);
  } catch (refused) {
    if (refused instanceof RateLimiterRes) throw tooMany(refused.msBeforeNext);
    throw refused;
  }
}

function tooMany(waitMs: number): HttpProblem {
  return new HttpProblem(429, 'rate_limited', 'Too many requests; see Retry-After.', {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  });
}

function unauthenticated(detail: string): HttpProblem {
  return new HttpProblem(401, 'unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}
