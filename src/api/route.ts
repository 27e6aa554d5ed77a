import type { Context } from 'koa';
import type { z } from 'zod';
import type { Principal, Role } from '../domain/access';
import { boundedBody, readBody } from './body';
import { invalidRequest, type Violation } from './problem';

/** What a route answers with one status. Without a schema the answer is not JSON, and `contentType` says what it is. */
export interface RouteResponse {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
  /** Headers of note, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  /** JSON, text or a stream. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Parsed<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined;

/** A body that is not JSON of a schema. */
export interface Upload {
  readonly description: string;
  readonly contentTypes: readonly string[];
  /** As sent, before decompression. */
  readonly maxBytes: number;
}

const NOTHING: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/** One endpoint: the schemas that validate its requests and describe it in the OpenAPI document, and what it does. */
export interface RouteDefinition<
  P extends z.ZodObject | undefined = z.ZodObject | undefined,
  Q extends z.ZodObject | undefined = z.ZodObject | undefined,
  H extends z.ZodObject | undefined = z.ZodObject | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for a parameter. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** The role that a key needs; `open` needs none. */
  readonly access: Role | 'open';
  readonly params?: P;
  /** Query parameters; without it, any are let pass unread. */
  readonly query?: Q;
  /** Names in lower case; other headers are let pass. */
  readonly headers?: H;
  /** Without it a body is not read. No body at all counts as an empty object. */
  readonly body?: B;
  /** The body as it comes, in place of `body`. */
  readonly upload?: Upload;
  /** Answers by status, problems apart. */
  readonly responses: Readonly<Record<number, RouteResponse>>;
  /** The problems that are particular to this route, by status. */
  readonly problems?: Readonly<Record<number, string>>;
  readonly handler: (request: {
    readonly params: Parsed<P>;
    readonly query: Parsed<Q>;
    readonly headers: Parsed<H>;
    readonly body: Parsed<B>;
    /** Empty unless the route takes an upload. */
    readonly stream: AsyncIterable<Uint8Array>;
    /** Who asks. */
    readonly principal: Principal;
    /** Aborted when the client is gone or the server stops. */
    readonly signal: AbortSignal;
  }) => Promise<Reply> | Reply;
}

/** A route whose types are settled: what the router and the document work with. */
export interface Route extends Omit<RouteDefinition, 'handler'> {
  readonly handle: (ctx: Context, signal: AbortSignal, principal: Principal) => Promise<Reply>;
}

/** The single definition of an endpoint. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: RouteDefinition<P, Q, H, B>): Route {
  const { handler, ...route } = definition;
  return {
    ...route,
    handle: async (ctx, signal, principal) => {
      const raw: unknown = route.body === undefined ? undefined : await readBody(ctx);
      const violations: Violation[] = [];
      const request = {
        params: parse<P>(route.params, ctx.params, 'path', violations),
        query: parse<Q>(route.query, { ...ctx.query }, 'query', violations),
        headers: parse<H>(route.headers, ctx.headers, 'header', violations),
        body: parse<B>(route.body, raw, 'body', violations),
        stream: route.upload === undefined ? NOTHING : boundedBody(ctx, route.upload.maxBytes),
        principal,
        signal,
      };
      if (violations.length > 0) throw invalidRequest(violations);
      return handler(request);
    },
  };
}

/** The value by its schema; what is wrong with it goes into `violations`. */
function parse<S extends z.ZodType | undefined>(
  schema: S | undefined,
  value: unknown,
  where: Violation['in'],
  violations: Violation[],
): Parsed<S>;
function parse(
  schema: z.ZodType | undefined,
  value: unknown,
  where: Violation['in'],
  violations: Violation[],
): unknown {
  const result = schema?.safeParse(value);
  if (result?.success === false) violations.push(...result.error.issues.flatMap(toViolations(where)));
  return result?.data;
}

/** An unknown field is pointed at by itself, not through its object. */
function toViolations(where: Violation['in']): (issue: z.core.$ZodIssue) => readonly Violation[] {
  return (issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [{ in: where, pointer: pointerTo(issue.path), detail: issue.message }];
    }
    return issue.keys.map((key) => ({
      in: where,
      pointer: pointerTo([...issue.path, key]),
      detail: 'is not a known field',
    }));
  };
}

/** RFC 6901. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
