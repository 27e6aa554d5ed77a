import { z } from 'zod';
import type { Channel } from '../domain/deployment';
import { DomainError } from '../domain/errors';
import { boundedFetch } from '../model-http/bounded-fetch';
import { getLogger } from '../observability/logger';
import { patchSchema } from '../researcher/schemas';
import type { InterventionSource, LiveIntervention } from './guard-options';

const TIMEOUT_MS = 5_000;
const DEFAULT_REFRESH_SECONDS = 30;

export interface ActiveInterventionsOptions {
  /** Of Tinman's API. */
  readonly url: string;
  /** The target whose interventions they are: your application by its name in Tinman. */
  readonly target: string;
  /** `shadow` is for applications that try what is new, `production` for those that serve. */
  readonly channel: Channel;
  /** A key of role viewer, where the API asks for one. */
  readonly apiKey?: string;
  /** 30 unless given. */
  readonly refreshSeconds?: number;
}

/** What is live for one target on one channel, kept up to date. */
export interface ActiveInterventions extends InterventionSource {
  /** When it was last read or found unchanged; null before the first time. */
  readonly readAt: Date | null;
  /** Asks now; false when that came to nothing, which changes nothing. */
  refresh(): Promise<boolean>;
  /** Asks no more; the last answer stays. */
  close(): void;
}

/**
 * Reads what is live, and asks again every `refreshSeconds` until it is closed; the timer keeps no process alive. While
 * the API cannot be read, or answers what is not understood, the last answer stays in force. Without a first answer the
 * channel `shadow` begins with nothing in force.
 * @throws {DomainError} `not_ready` when the channel is `production` and there is no first answer: an application that
 * serves must not begin without its guardrails.
 */
export async function openActiveInterventions(
  options: ActiveInterventionsOptions,
): Promise<ActiveInterventions> {
  const reader = new PolledInterventions(options);
  if (!(await reader.refresh()) && options.channel === 'production') {
    throw new DomainError(
      'not_ready',
      `what is live for ${options.target} cannot be read: ${reader.problem}`,
    );
  }
  reader.start();
  return reader;
}

/** Members of a patch in the API are in snake_case. */
const patch = z.preprocess(inCamelCase, patchSchema);
const Answer = z.object({
  interventions: z.array(
    z
      .looseObject({ intervention_id: z.guid(), patch })
      .transform((each): LiveIntervention => ({ interventionId: each.intervention_id, patch: each.patch })),
  ),
});

class PolledInterventions implements ActiveInterventions {
  private readonly url: URL;
  private readonly refreshMs: number;
  private readonly log = getLogger('interventions');
  private inForce: readonly LiveIntervention[] = [];
  private tag: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<boolean> | undefined;
  readAt: Date | null = null;
  /** Why the last question came to nothing; undefined when it did not. */
  problem: string | undefined;

  constructor(private readonly options: ActiveInterventionsOptions) {
    const { url, target, channel, refreshSeconds = DEFAULT_REFRESH_SECONDS } = options;
    this.url = new URL(`${url.replace(/\/$/, '')}/interventions/active`);
    this.url.search = new URLSearchParams({ channel, target }).toString();
    this.refreshMs = refreshSeconds * 1_000;
  }

  current(): readonly LiveIntervention[] {
    return this.inForce;
  }

  refresh(): Promise<boolean> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  start(): void {
    this.timer = setInterval(() => void this.refresh(), this.refreshMs).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async ask(): Promise<boolean> {
    const before = this.problem;
    try {
      await this.read();
    } catch (error) {
      this.problem = reasonOf(error);
      if (before === undefined) {
        this.log.warn({ err: error, readAt: this.readAt }, 'what is live cannot be read');
      }
      return false;
    }
    this.problem = undefined;
    this.readAt = new Date();
    if (before !== undefined) this.log.info({ count: this.inForce.length }, 'what is live can be read again');
    return true;
  }

  private async read(): Promise<void> {
    const { apiKey } = this.options;
    const response = await boundedFetch(this.url, {
      headers: {
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(this.tag === undefined ? {} : { 'if-none-match': this.tag }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 304) return;
    if (!response.ok) throw new Error(`the API answered ${response.status}`);
    const { interventions } = Answer.parse(await response.json());
    this.inForce = interventions;
    this.tag = response.headers.get('etag') ?? undefined;
  }
}

function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
      inCamelCase(inner),
    ]),
  );
}

/** `fetch` says why in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
