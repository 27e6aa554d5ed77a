import { setAttribute, attributeOf, type MutableAttributes } from '../attributes';
import { isMissing, isRecord, type JsonRecord } from '../fields';
import type { TimeUnit } from '../times';

/** What a span of JSON says under its names; what has no place of its own is an attribute. */
export interface JsonFields {
  traceId: unknown;
  spanId: unknown;
  parentId: unknown;
  name: unknown;
  kind: unknown;
  start: unknown;
  startUnit: TimeUnit | undefined;
  end: unknown;
  endUnit: TimeUnit | undefined;
  duration: unknown;
  durationUnit: TimeUnit | undefined;
  status: unknown;
  statusMessage: unknown;
  error: unknown;
  attributes: unknown;
  events: unknown;
  links: unknown;
  resource: unknown;
  service: unknown;
  scope: unknown;
  traceState: unknown;
  context: unknown;
  children: unknown;
  readonly others: MutableAttributes;
}

type Field = Exclude<keyof JsonFields, 'startUnit' | 'endUnit' | 'durationUnit' | 'others'>;

/** The names of each field, its own first. */
export const JSON_NAMES = {
  traceId: ['trace_id', 'traceId', 'traceID', 'trace.id', 'context.trace_id'],
  spanId: ['span_id', 'spanId', 'spanID', 'span.id', 'context.span_id'],
  parentId: [
    'parent_span_id',
    'parentSpanId',
    'parentSpanID',
    'parent_id',
    'parentId',
    'parentID',
    'parent.id',
  ],
  name: ['name', 'span_name', 'spanName', 'operation_name', 'operationName'],
  kind: ['kind', 'span.kind'],
  start: ['start_time', 'startTime', 'start', 'start_timestamp', 'startTimestamp', 'started_at', 'startedAt'],
  end: ['end_time', 'endTime', 'end', 'end_timestamp', 'endTimestamp', 'ended_at', 'endedAt'],
  duration: ['duration'],
  status: ['status', 'status_code', 'statusCode'],
  statusMessage: ['status_message', 'statusMessage', 'error_message', 'errorMessage'],
  error: ['error'],
  attributes: ['attributes'],
  events: ['events'],
  links: ['links'],
  resource: ['resource'],
  service: ['service', 'service_name', 'serviceName', 'service.name'],
  scope: ['scope'],
  traceState: ['trace_state', 'traceState'],
  context: ['context'],
  children: ['children', 'child_spans', 'childSpans'],
} as const satisfies Readonly<Record<Field, readonly string[]>>;

/** Names that are taken where the field is not there under a better one. */
const LESSER_NAMES: ReadonlyMap<string, Field> = new Map([
  ['id', 'spanId'],
  ['timestamp', 'start'],
  ['operation', 'name'],
  ['tags', 'attributes'],
]);

const TIMED = {
  start: ['start_time', 'startTime', 'start'],
  end: ['end_time', 'endTime', 'end'],
  duration: ['duration'],
} as const;
const SUFFIXES = {
  ns: ['_unix_nano', 'UnixNano', '_ns', 'Ns'],
  us: ['_us', 'Us'],
  ms: ['_ms', 'Ms'],
  s: ['_s', 'S', '_seconds', 'Seconds'],
} as const;
const UNITS = ['ns', 'us', 'ms', 's'] as const;

interface Target {
  readonly field: Field;
  readonly unit?: TimeUnit;
}

const TARGETS: ReadonlyMap<string, Target> = targets();

function targets(): ReadonlyMap<string, Target> {
  const found = new Map<string, Target>();
  for (const field of keysOf(JSON_NAMES)) for (const name of JSON_NAMES[field]) found.set(name, { field });
  for (const field of keysOf(TIMED)) {
    for (const unit of UNITS) {
      for (const suffix of SUFFIXES[unit])
        for (const name of TIMED[field]) found.set(name + suffix, { field, unit });
    }
  }
  return found;
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(record).filter((key): key is K => key in record);
}

function noFields(): JsonFields {
  return {
    traceId: undefined,
    spanId: undefined,
    parentId: undefined,
    name: undefined,
    kind: undefined,
    start: undefined,
    startUnit: undefined,
    end: undefined,
    endUnit: undefined,
    duration: undefined,
    durationUnit: undefined,
    status: undefined,
    statusMessage: undefined,
    error: undefined,
    attributes: undefined,
    events: undefined,
    links: undefined,
    resource: undefined,
    service: undefined,
    scope: undefined,
    traceState: undefined,
    context: undefined,
    children: undefined,
    others: {},
  };
}

/** Sorts the members of an object by what they mean.
 * @throws {BadSpan} when one that is kept as an attribute is nested too deep. */
export function fieldsOf(value: JsonRecord): JsonFields {
  const fields = noFields();
  const lesser: string[] = [];
  for (const key in value) {
    const item = value[key];
    if (isMissing(item)) continue;
    if (LESSER_NAMES.has(key)) lesser.push(key);
    else add(fields, TARGETS.get(key), key, item);
  }
  if (isRecord(fields.context)) addContext(fields, fields.context);
  for (const key of lesser) addLesser(fields, key, value[key]);
  return fields;
}

function add(fields: JsonFields, target: Target | undefined, key: string, item: unknown): void {
  if (target === undefined || fields[target.field] !== undefined) {
    setAttribute(fields.others, key, attributeOf(item));
    return;
  }
  fields[target.field] = item;
  if (target.unit !== undefined) setUnit(fields, target.field, target.unit);
}

function setUnit(fields: JsonFields, field: Field, unit: TimeUnit): void {
  if (field === 'start') fields.startUnit = unit;
  else if (field === 'end') fields.endUnit = unit;
  else fields.durationUnit = unit;
}

/** Ids within `context`, as the SDKs of OpenTelemetry print them. */
function addContext(fields: JsonFields, context: JsonRecord): void {
  fields.traceId ??= context.trace_id ?? context.traceId;
  fields.spanId ??= context.span_id ?? context.spanId;
  fields.traceState ??= context.trace_state ?? context.traceState;
}

function addLesser(fields: JsonFields, key: string, item: unknown): void {
  const field = LESSER_NAMES.get(key);
  const fits = key !== 'tags' || isRecord(item);
  if (field !== undefined && fits && fields[field] === undefined) fields[field] = item;
  else setAttribute(fields.others, key, attributeOf(item));
}
