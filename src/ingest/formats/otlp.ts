import type { Cursor } from '../cursor';
import { isMissing, isRecord, type JsonRecord } from '../fields';
import { LEAF, type ListPlan } from '../json/list-plan';
import type { SpanSink, TraceFormatReader } from '../reader';
import { attempt, readEach, readOne, reject } from '../span-list';
import { OTLP_KEYS, isOtlpSpan, recogniseOtlp } from './otlp-recognition';
import { otlpAttributes, otlpScope, otlpSpan, type OtlpSurroundings } from './otlp-span';

const scopeLists: ListPlan = { spans: LEAF };
const resourceLists: ListPlan = Object.fromEntries(OTLP_KEYS.scopes.map((key) => [key, scopeLists]));
const requestLists: ListPlan = {
  ...Object.fromEntries(OTLP_KEYS.resources.map((key) => [key, resourceLists])),
  ...resourceLists,
  ...scopeLists,
};
const wrappedLists: ListPlan = { ...requestLists, '': requestLists };

/** OpenTelemetry's own format in JSON: requests and their parts in camel and snake case, one or an array of them. */
export const otlpReader: TraceFormatReader = {
  format: 'otlp',
  lists: { ...wrappedLists, ...Object.fromEntries(OTLP_KEYS.wrappers.map((key) => [key, wrappedLists])) },
  recognise: recogniseOtlp,
  open: () => (document, at, out) => readRequests(document, at, out, 0),
};

const NOWHERE: OtlpSurroundings = { resource: { attributes: {} }, scope: null };
const MAX_WRAPPERS = 3;

/** Finds requests, and their parts, in a document, in an array, or in what wraps them. */
function readRequests(value: unknown, at: Cursor, out: SpanSink, wrappers: number): void {
  if (wrappers > MAX_WRAPPERS) reject(out, at.toString(), 'It is nested too deep.');
  else if (Array.isArray(value)) readElements(value, at, '', out, wrappers);
  else if (!isRecord(value)) reject(out, at.toString(), 'It is not an object.');
  else if (!readRequest(value, at, out)) readWrapped(value, at, out, wrappers);
}

function readWrapped(value: JsonRecord, at: Cursor, out: SpanSink, wrappers: number): void {
  const wrapper = OTLP_KEYS.wrappers.find((key) => typeof value[key] === 'object' && value[key] !== null);
  if (wrapper === undefined) reject(out, at.toString(), 'It holds no spans of OTLP.');
  else if (Array.isArray(value[wrapper])) readElements(value[wrapper], at, wrapper, out, wrappers);
  else readRequests(value[wrapper], at.member(wrapper), out, wrappers + 1);
}

function readElements(
  list: readonly unknown[],
  at: Cursor,
  key: string,
  out: SpanSink,
  wrappers: number,
): void {
  for (const [index, item] of list.entries()) {
    if (isOtlpSpan(item)) {
      readOne(item, at.pointer(key, index), out, (span, position) => otlpSpan(span, NOWHERE, position));
    } else readRequests(item, at.element(key, index), out, wrappers + 1);
  }
}

/** Whether it was a request, or a part of one. */
function readRequest(value: JsonRecord, at: Cursor, out: SpanSink): boolean {
  const resources = listsOf(value, OTLP_KEYS.resources, at, out);
  for (const [key, list] of resources) {
    for (const [index, item] of list.entries()) readResource(item, at.element(key, index), out);
  }
  if (resources.length > 0) return true;
  const isPart = [...OTLP_KEYS.scopes, 'spans'].some((key) => !isMissing(value[key]));
  if (isPart) readResource(value, at, out);
  return isPart;
}

function readResource(value: unknown, at: Cursor, out: SpanSink): void {
  if (!isRecord(value)) return reject(out, at.toString(), 'It is not an object.');
  const attributes = attempt(out, at.toString(), () =>
    otlpAttributes(isRecord(value.resource) ? value.resource.attributes : undefined),
  );
  const resource = { attributes: attributes ?? {} };
  for (const [key, list] of listsOf(value, OTLP_KEYS.scopes, at, out)) {
    for (const [index, item] of list.entries()) readScope(item, resource, at.element(key, index), out);
  }
  if (!isMissing(value.spans)) readScope(value, resource, at, out);
}

function readScope(value: unknown, resource: OtlpSurroundings['resource'], at: Cursor, out: SpanSink): void {
  if (!isRecord(value)) return reject(out, at.toString(), 'It is not an object.');
  const named = value.scope ?? value.instrumentationLibrary ?? value.instrumentation_library;
  const surroundings = { resource, scope: attempt(out, at.toString(), () => otlpScope(named)) };
  for (const [key, list] of listsOf(value, ['spans'], at, out)) {
    readEach(list, at, key, out, (span, position) => otlpSpan(span, surroundings, position));
  }
}

/** The lists under those keys; what is there and is none is rejected. */
function listsOf(
  value: JsonRecord,
  keys: readonly string[],
  at: Cursor,
  out: SpanSink,
): readonly (readonly [string, readonly unknown[]])[] {
  return keys.flatMap((key) => {
    const list = value[key];
    if (Array.isArray(list)) return [[key, list as readonly unknown[]] as const];
    if (!isMissing(list)) reject(out, at.member(key).toString(), 'It is not an array.');
    return [];
  });
}
