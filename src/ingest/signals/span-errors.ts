import type { AttributeValue, Span } from '../../domain/trace';
import type { FailureType } from '../../domain/taxonomy';
import { decoded, firstMember, isAttributeList, member, numberOf, textOf } from '../genai/attribute-view';

/** What a failed span says of its error. */
export interface SpanError {
  /** The type of the exception; empty where the source names none. */
  readonly type: string;
  /** Empty where the source says nothing. */
  readonly message: string;
  /** Of HTTP; null where there is none. */
  readonly httpStatus: number | null;
}

const TYPE_KEYS = ['error.type', 'exception.type', 'error.kind'];
const MESSAGE_KEYS = ['error.message', 'error.msg', 'exception.message', 'statusMessage'];
const HTTP_KEYS = ['http.response.status_code', 'http.status_code', 'status_code'];

/** Whether a span ended in an error: by its status or, where it has none, by an exception that escaped it. */
export function isFailed({ status, events }: Span): boolean {
  if (status !== 'unset') return status === 'error';
  return events.some(
    ({ name, attributes }) => name === 'exception' && /^true$/i.test(textOf(attributes['exception.escaped'])),
  );
}

export function errorOf(span: Span): SpanError {
  const exceptions = span.events.filter(({ name }) => name === 'exception' || name === 'error');
  const sources: readonly AttributeValue[] = [
    ...exceptions.map(({ attributes }) => attributes).toReversed(),
    span.attributes,
  ];
  const first = (keys: readonly string[]): string =>
    sources.map((source) => textOf(firstMember(source, keys))).find((text) => text !== '') ?? '';
  const status = HTTP_KEYS.map((key) => numberOf(member(span.attributes, key))).find(
    (code) => code !== undefined,
  );
  const message = first(MESSAGE_KEYS);
  return {
    type: first(TYPE_KEYS),
    message: message === '' ? span.statusMessage : message,
    httpStatus: status ?? null,
  };
}

/** Whether the result of a tool is an error in so many words: a JSON object with an error, as MCP and most tools write. */
export function saysError(result: string | null): boolean {
  const value = decoded(result);
  const error = firstMember(value, ['error', 'errors']);
  if (isAttributeList(error)) return error.length > 0;
  if (member(value, 'isError') === true || member(value, 'is_error') === true) return true;
  return error !== undefined && error !== null && error !== false && error !== '';
}

export interface ErrorClass {
  /** A few words for it. */
  readonly words: string;
  readonly failureType: FailureType;
}

interface ErrorRule extends ErrorClass {
  readonly text: RegExp;
  readonly codes: readonly number[];
}

const RATE_LIMIT: ErrorRule = {
  words: 'rate limit',
  failureType: 'rate_limit_exhaustion',
  text: /rate.?limit|too many requests|throttl|\b(?:code|status)\D{0,3}429\b|quota (?:was |is |has been )?exceeded|insufficient_quota/i,
  codes: [429],
};

/** In order: the first that fits is the class. */
const RULES: readonly ErrorRule[] = [
  RATE_LIMIT,
  {
    words: 'context length',
    failureType: 'context_overflow',
    text: /context.?(?:length|window)|maximum context|(?:prompt|input) is too long|too many (?:input )?tokens/i,
    codes: [],
  },
  {
    words: 'unknown tool',
    failureType: 'tool_hallucination',
    text: /unknown (?:tool|function)|no such tool|(?:tool|function) .{0,80}(?:not found|does not exist)|(?:no|not a valid) tool named/i,
    codes: [],
  },
  {
    words: 'time-out',
    failureType: 'latency_collapse',
    text: /time[d-]?.?out|deadline.?exceeded/i,
    codes: [408, 504],
  },
  {
    words: 'exhausted resource',
    failureType: 'resource_exhaustion',
    text: /out of memory|memoryerror|\bOOM\b|no space left|ENOSPC|ENOMEM|too many open files|EMFILE|disk full/i,
    codes: [507],
  },
  {
    words: 'invalid arguments',
    failureType: 'parameter_error',
    text: /validation.?error|invalid.{0,12}(?:argument|param|input|request|json|schema)|missing.{0,40}(?:argument|param|field|property)|does not match the expected|bad.?request|unprocessable|jsondecodeerror/i,
    codes: [400, 422],
  },
];

/**
 * The class of an error by its own words: type, message, status of HTTP. An error whose words tell no more is of the type
 * `distributional_shift`: it broke on an input that it was not built for, which is all that is known.
 */
export function classOfError(error: SpanError): ErrorClass {
  const words = `${error.type}\n${error.message}`;
  const rule = RULES.find(
    ({ text, codes }) => text.test(words) || (error.httpStatus !== null && codes.includes(error.httpStatus)),
  );
  return rule ?? { words: 'unclassified error', failureType: 'distributional_shift' };
}

export function isRateLimit(error: SpanError): boolean {
  return classOfError(error) === RATE_LIMIT;
}
