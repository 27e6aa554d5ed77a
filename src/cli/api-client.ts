import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CliError, EXIT } from './exit';
import { oneLine } from './terminal-text';

const REQUEST_TIMEOUT_MS = 30_000;
const OUTAGE_PATIENCE_MS = 120_000;
const OUTAGE_POLL_MS = 500;

const problemSchema = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  errors: z.array(z.looseObject({ pointer: z.string(), detail: z.string() })).optional(),
});

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the answer may take; half a minute unless told. */
  readonly timeoutMs?: number;
}

/** The HTTP API as commands use it. */
export class ApiClient {
  constructor(
    private readonly baseUrl: string,
    private readonly signal: AbortSignal,
    /** Sent with every request, where there is one. */
    private readonly key?: string,
  ) {}

  /**
   * The JSON answer, checked.
   * @throws {CliError} `infrastructure` when the API cannot be reached, is not ready, or is something else; `failed` when it refuses.
   */
  async call<S extends z.ZodType>(path: string, schema: S, request: ApiRequest = {}): Promise<z.output<S>> {
    const response = await this.send(path, request);
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw refusal(response, body);
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new CliError(
      EXIT.infrastructure,
      `${this.baseUrl}${path} did not answer as Tinman's API does; is it another program?`,
    );
  }

  /** As `call`, but sits out an outage of the API of up to two minutes. For requests that may be repeated. */
  async callPatiently<S extends z.ZodType>(
    path: string,
    schema: S,
    request: ApiRequest = {},
  ): Promise<z.output<S>> {
    const deadline = Date.now() + OUTAGE_PATIENCE_MS;
    for (;;) {
      try {
        return await this.call(path, schema, request);
      } catch (error) {
        const outage = error instanceof CliError && error.exitCode === EXIT.infrastructure;
        if (!outage || Date.now() > deadline) throw error;
        await sleep(OUTAGE_POLL_MS, undefined, { signal: this.signal });
      }
    }
  }

  /** Sends a stream of any size, for as long as it takes. @throws as `call` does. */
  async upload<S extends z.ZodType>(
    path: string,
    schema: S,
    stream: AsyncIterable<Uint8Array>,
    query: ApiRequest['query'] = {},
  ): Promise<z.output<S>> {
    const response = await this.fetched(path, query, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { ...this.authorization, 'content-type': 'application/octet-stream' },
      signal: this.signal,
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw refusal(response, body);
    return schema.parse(body);
  }

  /** What is answered, as it comes, for as long as it takes. @throws as `call` does. */
  async download(path: string, query: ApiRequest['query'] = {}): Promise<ReadableStream<Uint8Array>> {
    const response = await this.fetched(path, query, { headers: this.authorization, signal: this.signal });
    if (!response.ok) throw refusal(response, await response.json().catch(() => undefined));
    return response.body ?? new ReadableStream();
  }

  private get authorization(): Readonly<Record<string, string>> {
    return this.key === undefined ? {} : { authorization: `Bearer ${this.key}` };
  }

  private send(
    path: string,
    { method = 'GET', body, query, headers, timeoutMs = REQUEST_TIMEOUT_MS }: ApiRequest,
  ): Promise<Response> {
    return this.fetched(path, query, {
      method,
      headers: {
        ...headers,
        ...this.authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(timeoutMs)]),
    });
  }

  private async fetched(path: string, query: ApiRequest['query'], init: RequestInit): Promise<Response> {
    const url = new URL(this.baseUrl + path);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    try {
      return await fetch(url, init);
    } catch (error) {
      this.signal.throwIfAborted();
      throw new CliError(
        EXIT.infrastructure,
        `The API at ${this.baseUrl} cannot be reached: ${reasonOf(error)}. ` +
          'Start it with `tinman dev` or `tinman serve`, or name another with --url or TINMAN_URL.',
      );
    }
  }
}

const PUT_KEY = 'put a key of `tinman keys create` into TINMAN_API_KEY';
/** What to do about a refusal, by the code of the problem. */
const ADVICE: Readonly<Record<string, string>> = {
  unauthenticated: PUT_KEY,
  decision_unproven: PUT_KEY,
  forbidden: 'whoever runs the database can make one with `tinman keys create --role ROLE`',
};

function refusal(response: Response, body: unknown): CliError {
  const problem = problemSchema.safeParse(body).data;
  const unavailable = [502, 503, 504].includes(response.status);
  const said = problem?.detail ?? problem?.title ?? response.statusText;
  const places = (problem?.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer || '/'}: ${detail}`);
  return new CliError(
    unavailable ? EXIT.infrastructure : EXIT.failed,
    `${oneLine(said)} (HTTP ${response.status})${adviceOn(problem?.code)}${places.join('')}`,
    problem,
  );
}

function adviceOn(code = ''): string {
  const advice = ADVICE[code];
  return advice === undefined ? '' : `; ${advice}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
