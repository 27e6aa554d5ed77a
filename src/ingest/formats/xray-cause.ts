import type { Attributes, SpanEvent } from '../../domain/trace';
import { attributeOf, type MutableAttributes } from '../attributes';
import { BadSpan, isMissing, isRecord, listOr, textOr, type JsonRecord } from '../fields';
import { isText } from '../json/lossless';

/** The exceptions of a document by their ids: a cause may name one that another subsegment holds. */
export type Exceptions = ReadonlyMap<string, JsonRecord>;

const MAX_DEPTH = 100;

/** Finds the exceptions of a segment and all that is in it. */
export function exceptionsOf(segment: JsonRecord): Exceptions {
  const found = new Map<string, JsonRecord>();
  collect(segment, found, 0);
  return found;
}

function collect(segment: unknown, found: Map<string, JsonRecord>, depth: number): void {
  if (!isRecord(segment) || depth > MAX_DEPTH) return;
  const exceptions = isRecord(segment.cause) ? segment.cause.exceptions : undefined;
  if (Array.isArray(exceptions)) {
    for (const exception of exceptions) {
      if (isRecord(exception) && isText(exception.id)) found.set(exception.id, exception);
    }
  }
  if (!Array.isArray(segment.subsegments)) return;
  for (const subsegment of segment.subsegments) collect(subsegment, found, depth + 1);
}

/** What made a segment fail. */
export interface Cause {
  readonly message: string;
  readonly events: readonly SpanEvent[];
  /** What else it says: the exception that is told of elsewhere, where the program ran. */
  readonly attributes: Attributes;
}

const NO_CAUSE: Cause = { message: '', events: [], attributes: {} };

/**
 * From exceptions, or the id of one. An exception is an event of the segment that holds it, and not of those that name it.
 * A cause that is neither explains nothing, and is no reason to lose its segment.
 * @throws {BadSpan}
 */
export function causeOf(value: unknown, exceptions: Exceptions): Cause {
  if (isText(value)) {
    const message = textOr(exceptions.get(value)?.message, '', 'A message');
    return { message, events: [], attributes: { 'aws.xray.cause_id': value } };
  }
  if (!isRecord(value)) return NO_CAUSE;
  const { exceptions: own, message: told, ...rest } = value;
  const events = listOr(own, 'The exceptions').map(eventOf);
  const first = textOr(events[0]?.attributes['exception.message'], '', 'A message');
  const attributes: MutableAttributes = {};
  for (const [key, item] of Object.entries(rest)) {
    if (!isMissing(item)) attributes[`aws.xray.cause.${key}`] = attributeOf(item);
  }
  return { message: textOr(told, '', 'The message of the cause') || first, events, attributes };
}

function eventOf(exception: unknown): SpanEvent {
  if (!isRecord(exception)) throw new BadSpan('An exception is not an object.');
  const { id, type, message, stack, ...rest } = exception;
  const attributes: MutableAttributes = {};
  const text = (key: string, value: unknown): void => {
    const read = textOr(value, '', `The ${key} of an exception`);
    if (read !== '') attributes[key] = read;
  };
  text('exception.type', type);
  text('exception.message', message);
  text('exception.stacktrace', stackOf(stack));
  text('aws.xray.exception.id', id);
  for (const [key, value] of Object.entries(rest)) {
    if (!isMissing(value)) attributes[`aws.xray.exception.${key}`] = attributeOf(value);
  }
  return { name: 'exception', timeUnixNano: null, attributes };
}

function stackOf(stack: unknown): string {
  return listOr(stack, 'A stack')
    .map((frame) => {
      if (!isRecord(frame)) throw new BadSpan('A frame of a stack is not an object.');
      const line = typeof frame.line === 'number' ? `:${frame.line}` : '';
      const place = `${textOr(frame.path, '', 'A path')}${line}`;
      return `at ${textOr(frame.label, '', 'A label')} (${place})`;
    })
    .join('\n');
}
