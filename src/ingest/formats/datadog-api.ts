import type { Resource, Span, SpanEvent, SpanStatus } from '../../domain/trace';
import { addAttributes, addKnown, attributeOf, setAttribute, type MutableAttributes } from '../attributes';
import { kindNamed } from '../enums';
import { BadSpan, isMissing, isRecord, textOr, type JsonRecord } from '../fields';
import { isText } from '../json/lossless';
import { timeOf } from '../times';
import { apiSpanId, apiTraceId } from './datadog-ids';
import { timesOf } from './datadog-span';

/** What spans of LLM Observability share with the others of their request. */
export interface LlmSurroundings {
  readonly mlApp: unknown;
  readonly sessionId: unknown;
  readonly tags: unknown;
}

/** Tells a span of LLM Observability by the name of its start. */
export function isLlmSpan(value: unknown): value is JsonRecord {
  return isRecord(value) && value.start_ns !== undefined && value.span_id !== undefined;
}

/** Tells the attributes of a span in the answers of the API for spans. */
export function isApiSpan(value: unknown): value is JsonRecord {
  return isRecord(value) && value.start_timestamp !== undefined && value.span_id !== undefined;
}

/**
 * A span of LLM Observability, as its SDKs and its HTTP API send it, or as its export has it: under the names that the
 * tags of APM spans have for the same, `_ml_obs.meta.…`, `_ml_obs.metrics`.
 * @throws {BadSpan}
 */
export function llmSpan(value: JsonRecord, shared: LlmSurroundings, position: string): Span {
  const { start, end } = timesOf(value.start_ns, value.duration);
  const attributes = llmAttributes(value, shared);
  const service = tagNamed(value.tags ?? shared.tags, 'service') ?? textOr(value.service, '', 'The service');
  const status = textOr(value.status, '', 'The status').toLowerCase();
  const error = errorOf(attributes['_ml_obs.meta.error'], attributes, '_ml_obs.meta.');
  return {
    ...identityOf(value),
    name: textOr(value.name, '', 'The name'),
    kind: 'unspecified',
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    status: statusOf(status),
    statusMessage:
      textOr(value.status_message, '', 'The status message') || (status === 'error' ? error.message : ''),
    attributes,
    events: error.events,
    links: [],
    resource: resourceNamed(service),
    scope: null,
    traceState: null,
    source: { format: 'datadog', position },
  };
}

/** @throws {BadSpan} */
export function apiSpan(value: JsonRecord, position: string): Span {
  const start = timeOf(value.start_timestamp, 'The start');
  if (start === null) throw new BadSpan('It has no start.');
  const attributes = apiAttributes(value);
  const error = errorOf(attributes.error, attributes, '');
  const status = apiStatus(value, attributes);
  return {
    ...identityOf(value),
    name: textOr(value.operation_name ?? attributes.operation_name ?? value.resource_name, '', 'The name'),
    kind: kindNamed(attributes['span.kind']) ?? 'unspecified',
    startTimeUnixNano: start,
    endTimeUnixNano: timeOf(value.end_timestamp, 'The end'),
    status,
    statusMessage: status === 'error' ? error.message : '',
    attributes,
    events: error.events,
    links: [],
    resource: resourceNamed(textOr(value.service, '', 'The service')),
    scope: null,
    traceState: null,
    source: { format: 'datadog', position },
  };
}

function apiStatus(value: JsonRecord, attributes: MutableAttributes): SpanStatus {
  const status = statusOf(textOr(value.status ?? attributes.status, '', 'The status').toLowerCase());
  return status === 'unset' && isTrue(value.error ?? attributes.error) ? 'error' : status;
}

type Identity = Pick<Span, 'traceId' | 'spanId' | 'parentSpanId' | 'originalTraceId' | 'originalSpanId'>;

function identityOf(value: JsonRecord): Identity {
  const traceId = apiTraceId(value.trace_id);
  const spanId = apiSpanId(value.span_id, 'The span id');
  if (spanId === null) throw new BadSpan('It has no span id.');
  return {
    traceId: traceId.hex,
    spanId: spanId.hex,
    parentSpanId: apiSpanId(value.parent_id, 'The parent id')?.hex ?? null,
    originalTraceId: traceId.original,
    originalSpanId: spanId.original,
  };
}

/** What the export has beside each other that the SDKs send within `meta`. */
const META = [
  'model_name',
  'model_provider',
  'model_version',
  'input',
  'output',
  'metadata',
  'tool_definitions',
  'expected_output',
  'intent',
] as const;

function llmAttributes(value: JsonRecord, shared: LlmSurroundings): MutableAttributes {
  const attributes: MutableAttributes = {};
  for (const key of META) addMeta(attributes, key, value[key]);
  if (isRecord(value.meta))
    for (const [key, item] of Object.entries(value.meta)) addMeta(attributes, key, item);
  addKnown(attributes, {
    '_ml_obs.meta.span.kind':
      attributes['_ml_obs.meta.span.kind'] ?? value.span_kind ?? attributes['_ml_obs.meta.kind'],
    '_ml_obs.metrics': value.metrics,
    '_ml_obs.meta.ml_app': value.ml_app ?? shared.mlApp,
    '_ml_obs.session_id': value.session_id ?? shared.sessionId,
    '_ml_obs.tags': value.tags ?? shared.tags,
    '_ml_obs.span_links': value.span_links,
    '_ml_obs.evaluation': value.evaluation,
  });
  return attributes;
}

/** Input, output and the span's kind are named by what they hold: `_ml_obs.meta.input.messages`. */
const OPENED = new Set(['input', 'output', 'span', 'expected_output']);

function addMeta(attributes: MutableAttributes, key: string, value: unknown): void {
  if (isMissing(value)) return;
  if (OPENED.has(key) && isRecord(value)) {
    for (const [inner, item] of Object.entries(value)) addMeta(attributes, `${key}.${inner}`, item);
  } else setAttribute(attributes, `_ml_obs.meta.${key}`, attributeOf(value));
}

function apiAttributes(value: JsonRecord): MutableAttributes {
  const attributes: MutableAttributes = {};
  addAttributes(attributes, value.attributes, 'The attributes');
  addAttributes(attributes, value.custom, 'The custom attributes');
  addKnown(attributes, {
    'resource.name': value.resource_name,
    'span.type': value.type,
    'deployment.environment.name': value.env,
    'host.name': value.host,
    'datadog.tags': value.tags,
  });
  return attributes;
}

interface FoundError {
  readonly message: string;
  readonly events: readonly SpanEvent[];
}

/** An error as an object, or in flat tags with that prefix. */
function errorOf(value: unknown, attributes: MutableAttributes, prefix: string): FoundError {
  const part = (name: string): string => {
    const found = (isRecord(value) ? value[name] : undefined) ?? attributes[`${prefix}error.${name}`];
    return isText(found) ? found : '';
  };
  const message = part('message') || part('msg');
  const parts = {
    'exception.type': part('type'),
    'exception.message': message,
    'exception.stacktrace': part('stack'),
  };
  const told = Object.fromEntries(Object.entries(parts).filter(([, text]) => text !== ''));
  const isException = parts['exception.type'] !== '' || parts['exception.stacktrace'] !== '';
  return {
    message,
    events: isException ? [{ name: 'exception', timeUnixNano: null, attributes: told }] : [],
  };
}

function statusOf(status: string): SpanStatus {
  if (status === 'error') return 'error';
  return status === 'ok' ? 'ok' : 'unset';
}

function isTrue(error: unknown): boolean {
  return error === true || error === 1 || isRecord(error);
}

function resourceNamed(service: string): Resource {
  return { attributes: service === '' ? {} : { 'service.name': service } };
}

/** The value of a tag in a list of `name:value`. */
function tagNamed(tags: unknown, name: string): string | null {
  if (!Array.isArray(tags)) return null;
  const tag: unknown = tags.find((one) => isText(one) && one.startsWith(`${name}:`));
  return isText(tag) ? tag.slice(name.length + 1) : null;
}
