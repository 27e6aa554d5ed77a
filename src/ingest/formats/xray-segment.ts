import type { Attributes, Resource, Span, SpanKind, SpanLink } from '../../domain/trace';
import { addAttributes, addKnown, attributeOf, setAttribute, type MutableAttributes } from '../attributes';
import { BadSpan, isMissing, isRecord, listOr, textOr, type JsonRecord } from '../fields';
import { anyId, type Id } from '../ids';
import { isText } from '../json/lossless';
import { timeOf } from '../times';
import { causeOf, type Exceptions } from './xray-cause';

/** What a segment has from the document that it is in. */
export interface SegmentContext {
  readonly traceId: Id;
  readonly parentSpanId: string | null;
  readonly resource: Resource;
  readonly isSegment: boolean;
  readonly exceptions: Exceptions;
}

const TRACE_ID = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i;

/** Version, seconds and a random part in hexadecimal, or another id; null when it is missing.
 * @throws {BadSpan} */
export function traceIdOf(value: unknown): Id | null {
  const found = isText(value) ? TRACE_ID.exec(value) : null;
  if (found === null) return anyId(value, 32, 'The trace id');
  return { hex: `${found[1]}${found[2]}`.toLowerCase(), original: found[0] };
}

/** @throws {BadSpan} */
export function spanIdOf(value: unknown): Id {
  const id = anyId(value, 16, 'The id');
  if (id === null) throw new BadSpan('It has no id.');
  return id;
}

/** A segment or subsegment, without those in it.
 * @throws {BadSpan} */
export function segmentSpan(value: unknown, context: SegmentContext, position: string): Span {
  if (!isRecord(value)) throw new BadSpan('It is not an object.');
  const id = spanIdOf(value.id);
  const start = timeOf(value.start_time, 'The start', 's');
  if (start === null) throw new BadSpan('It has no start_time.');
  const cause = causeOf(value.cause, context.exceptions);
  const hasFailed = [value.fault, value.error, value.throttle].includes(true);
  return {
    traceId: context.traceId.hex,
    spanId: id.hex,
    parentSpanId: context.parentSpanId,
    originalTraceId: context.traceId.original,
    originalSpanId: id.original,
    name: textOr(value.name, '', 'The name'),
    kind: kindOf(value.namespace, context.isSegment),
    startTimeUnixNano: start,
    endTimeUnixNano: value.in_progress === true ? null : timeOf(value.end_time, 'The end', 's'),
    status: hasFailed ? 'error' : 'unset',
    statusMessage: hasFailed ? cause.message : '',
    attributes: attributesOf(value, cause.attributes),
    events: cause.events,
    links: listOr(value.links, 'The links').map(linkOf),
    resource: context.resource,
    scope: null,
    traceState: null,
    source: { format: 'xray', position },
  };
}

function kindOf(namespace: unknown, isSegment: boolean): SpanKind {
  if (isSegment) return 'server';
  return namespace === 'aws' || namespace === 'remote' ? 'client' : 'internal';
}

/** What is in the fields of a span already. */
const FIELDS = new Set([
  ...[
    'id',
    'trace_id',
    'parent_id',
    'name',
    'start_time',
    'end_time',
    'cause',
    'links',
    'subsegments',
    'in_progress',
  ],
]);

/** The blocks of a segment, by what they become. One that is no object is kept as it is, as all that we know nothing of. */
const BLOCKS: ReadonlyMap<string, (attributes: MutableAttributes, block: JsonRecord) => void> = new Map([
  ['annotations', (attributes, block) => addAttributes(attributes, block, 'The annotations')],
  ['metadata', (attributes, block) => addPrefixed(attributes, 'aws.xray.metadata.', block)],
  ['aws', (attributes, block) => addPrefixed(attributes, 'aws.', block)],
  ['http', addHttp],
  ['sql', addSql],
]);

function attributesOf(segment: JsonRecord, cause: Attributes): MutableAttributes {
  const attributes: MutableAttributes = { ...cause };
  for (const key in segment) {
    const value = segment[key];
    if (FIELDS.has(key) || isMissing(value)) continue;
    const block = BLOCKS.get(key);
    if (block !== undefined && isRecord(value)) block(attributes, value);
    else setAttribute(attributes, `aws.xray.${key}`, attributeOf(value));
  }
  return attributes;
}

function addPrefixed(attributes: MutableAttributes, prefix: string, block: JsonRecord): void {
  for (const key in block) attributes[prefix + key] = attributeOf(block[key]);
}

function addHttp(attributes: MutableAttributes, http: JsonRecord): void {
  const { request, response, ...rest } = http;
  const {
    method,
    url,
    user_agent: userAgent,
    client_ip: clientIp,
    ...moreOfRequest
  } = isRecord(request) ? request : {};
  const { status, content_length: length, ...moreOfResponse } = isRecord(response) ? response : {};
  addKnown(attributes, {
    'http.request.method': method,
    'url.full': url,
    'user_agent.original': userAgent,
    'client.address': clientIp,
    'http.response.status_code': status,
    'http.response.body.size': length,
  });
  addPrefixed(attributes, 'aws.xray.http.request.', moreOfRequest);
  addPrefixed(attributes, 'aws.xray.http.response.', moreOfResponse);
  addPrefixed(attributes, 'aws.xray.http.', rest);
}

function addSql(attributes: MutableAttributes, sql: JsonRecord): void {
  const { sanitized_query: query, database_type: system, ...more } = sql;
  addKnown(attributes, { 'db.query.text': query, 'db.system.name': system });
  addPrefixed(attributes, 'aws.xray.sql.', more);
}

function linkOf(link: unknown): SpanLink {
  if (!isRecord(link)) throw new BadSpan('A link is not an object.');
  const traceId = traceIdOf(link.trace_id);
  if (traceId === null) throw new BadSpan('A link has no trace id.');
  const attributes: MutableAttributes = {};
  addAttributes(attributes, link.attributes, 'The attributes of a link');
  return { traceId: traceId.hex, spanId: spanIdOf(link.id).hex, attributes };
}
