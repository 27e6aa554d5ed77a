import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpProblem } from './problem';

/** Of one address. A guess has 256 bits to go; this tells a client that has lost its key to slow down. */
const WRONG_KEYS_PER_MINUTE = 20;
const MINUTE_SECONDS = 60;

/** How often one may ask; counted by each process for itself. */
export interface RateLimits {
  /** Counts a request of a key or, where there is none, of an address. @throws {HttpProblem} 429. */
  countRequest(who: string): Promise<void>;
  /** Counts a wrong key that an address has shown. @throws {HttpProblem} 429. */
  countWrongKey(address: string): Promise<void>;
}

export function createRateLimits(requestsPerMinute: number): RateLimits {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: MINUTE_SECONDS });
  const wrongKeys = new RateLimiterMemory({ points: WRONG_KEYS_PER_MINUTE, duration: MINUTE_SECONDS });
  return {
    countRequest: (who) => count(requests, who),
    countWrongKey: (address) => count(wrongKeys, address),
  };
}

async function count(limiter: RateLimiterMemory, who: string): Promise<void> {
  try {
    await limiter.consume(who);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1_000));
    throw new HttpProblem(429, 'rate_limited', `Too many requests; try again in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }
}
