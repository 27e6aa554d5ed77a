import type { Attributes, Resource, Span } from '../../domain/trace';
import { addKnown, type MutableAttributes } from '../attributes';
import { BadSpan, isMissing, isRecord, textOr, type JsonRecord } from '../fields';
import { anyId } from '../ids';
import { isText } from '../json/lossless';
import { timeOf } from '../times';

/** What observations have from their trace. */
export interface ObservationSurroundings {
  readonly traceId: unknown;
  readonly resource: Resource;
  /** What the trace says of itself, for its root alone. */
  readonly rootAttributes: Attributes;
}

const TYPES = /^(SPAN|GENERATION|EVENT|AGENT|TOOL|CHAIN|RETRIEVER|EMBEDDING|EVALUATOR|GUARDRAIL)$/i;

/** Whether a value is an observation by its members, whatever else is wrong with it. */
export function isObservation(value: unknown): value is JsonRecord {
  if (!isRecord(value) || !isText(value.type) || !TYPES.test(value.type)) return false;
  return !isMissing(value.traceId ?? value.trace_id) && !isMissing(value.startTime ?? value.start_time);
}

/** The names of Langfuse's own attributes, for what the trace says of all its observations, and of itself.
 * @throws {BadSpan} */
export function traceAround(trace: JsonRecord): ObservationSurroundings {
  const shared: MutableAttributes = {};
  addKnown(shared, {
    'langfuse.trace.name': trace.name,
    'langfuse.environment': trace.environment,
    'langfuse.release': trace.release,
    'langfuse.version': trace.version,
    'session.id': trace.sessionId ?? trace.session_id,
    'user.id': trace.userId ?? trace.user_id,
  });
  const own: MutableAttributes = {};
  addKnown(own, {
    'langfuse.trace.input': trace.input,
    'langfuse.trace.output': trace.output,
    'langfuse.trace.metadata': trace.metadata,
    'langfuse.trace.tags': trace.tags,
  });
  return { traceId: trace.id, resource: { attributes: shared }, rootAttributes: own };
}

/** Members that are in the fields of a span, or say when Langfuse stored it. */
const FIELDS = new Set([
  ...['id', 'traceId', 'trace_id', 'parentObservationId', 'parent_observation_id', 'name'],
  ...['startTime', 'start_time', 'endTime', 'end_time', 'statusMessage', 'status_message'],
  ...['projectId', 'project_id', 'createdAt', 'created_at', 'updatedAt', 'updated_at'],
]);

/** Where the names of Langfuse's attributes are not those of its export. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['model', 'model.name'],
  ['model_parameters', 'model.parameters'],
  ['prompt_name', 'prompt.name'],
  ['prompt_version', 'prompt.version'],
]);

/** @throws {BadSpan} */
export function observationSpan(value: unknown, around: ObservationSurroundings, position: string): Span {
  if (!isRecord(value)) throw new BadSpan('It is not an object.');
  const traceId = anyId(value.traceId ?? value.trace_id ?? around.traceId, 32, 'The trace id');
  const spanId = anyId(value.id, 16, 'The id');
  const parentId = anyId(value.parentObservationId ?? value.parent_observation_id, 16, 'The parent id');
  if (traceId === null) throw new BadSpan('It has no trace id.');
  if (spanId === null) throw new BadSpan('It has no id.');
  return {
    traceId: traceId.hex,
    spanId: spanId.hex,
    parentSpanId: parentId === null ? null : parentId.hex,
    originalTraceId: traceId.original,
    originalSpanId: spanId.original,
    name: textOr(value.name, '', 'The name'),
    kind: 'unspecified',
    ...timesOf(value),
    status: value.level === 'ERROR' ? 'error' : 'unset',
    statusMessage: textOr(value.statusMessage ?? value.status_message, '', 'The status message'),
    attributes: { ...around.rootAttributes, ...attributesOf(value) },
    events: [],
    links: [],
    resource: around.resource,
    scope: null,
    traceState: null,
    source: { format: 'langfuse', position },
  };
}

/** An event has no length, and so no end of its own. */
function timesOf(value: JsonRecord): Pick<Span, 'startTimeUnixNano' | 'endTimeUnixNano'> {
  const start = timeOf(value.startTime ?? value.start_time, 'The start');
  if (start === null) throw new BadSpan('It has no start.');
  const end = timeOf(value.endTime ?? value.end_time, 'The end');
  return { startTimeUnixNano: start, endTimeUnixNano: end ?? (value.type === 'EVENT' ? start : null) };
}

/** Under the names that the SDKs of Langfuse give its attributes in OpenTelemetry. */
function attributesOf(value: JsonRecord): MutableAttributes {
  const known: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (FIELDS.has(key) || isMissing(item) || isEmpty(item)) continue;
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    known[`langfuse.observation.${RENAMED.get(name) ?? name}`] = item;
  }
  const attributes: MutableAttributes = {};
  addKnown(attributes, known);
  return attributes;
}

/** The export has every member, most of them with nothing in it. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}
