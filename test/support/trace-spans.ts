import type { Attributes, Span, SpanEvent, TraceFormat } from '../../src/domain/trace';
import { Trace } from '../../src/domain/trace';

const FIRST_MOMENT = 1_760_000_000_000_000_000n;

export interface SpanSketch extends Partial<Omit<Span, 'events' | 'source'>> {
  /** A short name of its own: `a` stands for the span id `…00a`, padded. */
  readonly id?: string;
  readonly parent?: string;
  /** Milliseconds after the beginning of the trace. */
  readonly at?: number;
  readonly ms?: number;
  readonly events?: readonly (Partial<SpanEvent> & { readonly name: string })[];
  readonly format?: TraceFormat;
}

let made = 0;

/** A span as the importer makes them; everything that is not given is plain. */
export function spanOf(sketch: SpanSketch = {}): Span {
  made += 1;
  const {
    id = made.toString(16),
    parent,
    at = made,
    ms = 1,
    events = [],
    format = 'otlp',
    ...given
  } = sketch;
  const start = given.startTimeUnixNano ?? FIRST_MOMENT + BigInt(Math.round(at * 1_000_000));
  return {
    traceId: '0'.repeat(31) + '1',
    spanId: spanIdOf(id),
    parentSpanId: parent === undefined ? null : spanIdOf(parent),
    originalTraceId: null,
    originalSpanId: null,
    name: 'operation',
    kind: 'internal',
    endTimeUnixNano: start + BigInt(Math.round(ms * 1_000_000)),
    status: 'unset',
    statusMessage: '',
    attributes: {},
    links: [],
    resource: { attributes: { 'service.name': 'assistant' } },
    scope: null,
    traceState: null,
    source: { format, position: '' },
    ...given,
    startTimeUnixNano: start,
    events: events.map((event) => ({ timeUnixNano: null, attributes: {}, ...event })),
  };
}

export function spanIdOf(id: string): string {
  return id.padStart(16, '0');
}

export function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** A trace of spans, in the order of their start, all under its id. */
export function traceOf(number: number, sketches: readonly SpanSketch[]): Trace {
  const traceId = traceIdOf(number);
  return new Trace(
    traceId,
    sketches.map((sketch, at) => spanOf({ id: (at + 1).toString(16), at: at * 10, ...sketch, traceId })),
  );
}

/** A call of a model by OpenTelemetry's conventions, with tools and messages as JSON. */
export function chatSpan(
  said: {
    readonly model?: string;
    readonly input?: readonly unknown[];
    readonly output?: readonly unknown[];
    readonly tools?: readonly unknown[];
    readonly tokens?: readonly [input: number, output: number];
    readonly finish?: string;
  },
  sketch: SpanSketch = {},
): SpanSketch {
  const { model = 'model-1', input = [], output = [], tools = [], tokens, finish } = said;
  const attributes: Attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': model,
    'gen_ai.input.messages': JSON.stringify(input),
    'gen_ai.output.messages': JSON.stringify(output),
    ...(tools.length === 0 ? {} : { 'gen_ai.tool.definitions': JSON.stringify(tools) }),
    ...(tokens === undefined
      ? {}
      : { 'gen_ai.usage.input_tokens': tokens[0], 'gen_ai.usage.output_tokens': tokens[1] }),
    ...(finish === undefined ? {} : { 'gen_ai.response.finish_reasons': [finish] }),
    ...sketch.attributes,
  };
  return { name: `chat ${model}`, ...sketch, attributes };
}

/** The execution of a tool by OpenTelemetry's conventions. */
export function toolSpan(name: string, args: unknown, result: unknown, sketch: SpanSketch = {}): SpanSketch {
  const attributes: Attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.arguments': JSON.stringify(args),
    ...(result === undefined ? {} : { 'gen_ai.tool.call.result': JSON.stringify(result) }),
    ...sketch.attributes,
  };
  return { name: `execute_tool ${name}`, ...sketch, attributes };
}
