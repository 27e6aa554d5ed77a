import { z } from 'zod';
import { DomainError, type DomainErrorCode } from '../domain/errors';

/** Where a request breaks its schema; `pointer` is a JSON pointer into that part of the request. */
export interface Violation {
  readonly in: 'body' | 'query' | 'path' | 'header';
  readonly pointer: string;
  readonly detail: string;
}

/** RFC 9457. `code` is stable; members beyond the schema depend on it. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    request_id: z.string().describe('Names the request in the log.'),
    errors: z
      .array(
        z.object({
          in: z.enum(['body', 'query', 'path', 'header']),
          pointer: z.string(),
          detail: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem' });

/** A refusal that is HTTP's own, or has its status from a route. */
export class HttpProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly more: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly members?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(detail);
    this.name = 'HttpProblem';
  }
}

/** What goes over the wire, apart from the request's id. */
export interface ProblemReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A Record over the union: a new code does not compile until it has a status. */
const STATUS: Readonly<Record<DomainErrorCode, number>> = {
  not_found: 404,
  approval_not_found: 404,
  approval_already_decided: 409,
  idempotency_conflict: 409,
  cycle_already_ended: 409,
  mode_changed: 409,
  transition_not_allowed: 409,
  action_changed: 409,
  action_blocked: 403,
  budget_exceeded: 402,
  invalid_cursor: 422,
  invalid_period: 422,
  invalid_schedule: 422,
  unknown_target: 422,
  unpriced_model: 422,
  invalid_experiment: 422,
  invalid_configuration: 500,
  model_output_invalid: 502,
  model_unavailable: 502,
  not_ready: 503,
  unauthenticated: 401,
  forbidden: 403,
  rate_limited: 429,
  decision_unproven: 403,
  four_eyes_required: 403,
  comment_required: 422,
  policy_changed: 409,
  state_conflict: 409,
  invalid_arguments: 422,
  tool_failed: 502,
  unreadable_traces: 422,
};

const RETRY_AFTER_SECONDS = '2';

/** Says of any error what the caller may know; undefined when that is nothing. */
export function toProblem(error: unknown): ProblemReply | undefined {
  if (error instanceof HttpProblem) {
    return problem(error.status, error.code, error.detail, error.more.members, error.more.headers);
  }
  if (error instanceof DomainError) {
    return problem(STATUS[error.code], error.code, error.message, snakeCaseKeys(error.details ?? {}));
  }
  return undefined;
}

/** 422 with everything that is wrong at once. */
export function invalidRequest(errors: readonly Violation[]): HttpProblem {
  const detail = errors.map((each) => `${each.in}${each.pointer}: ${each.detail}`).join('; ');
  return new HttpProblem(422, 'invalid_request', detail.slice(0, 2_000), { members: { errors } });
}

/** The answer to an error that is nobody's business: the log has it under the request's id. */
export const INTERNAL_PROBLEM = problem(500, 'internal', 'The server failed; its log says why.');

/** The answer while a dependency is out of reach. */
export const UNAVAILABLE_PROBLEM = problem(
  503,
  'not_ready',
  'The database or Temporal is out of reach; try again.',
);

function problem(
  status: number,
  code: string,
  detail: string,
  members: object = {},
  headers: Readonly<Record<string, string>> = {},
): ProblemReply {
  const title = `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('_', ' ')}`;
  return {
    status,
    headers: status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS, ...headers } : headers,
    body: { ...members, type: `urn:tinman:problem:${code}`, title, status, code, detail },
  };
}

/** Keys as the API writes them; the domain writes camelCase. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? snakeCaseKeys(value)
    : value;
}

function snakeCaseKeys(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(member),
    ]),
  );
}
