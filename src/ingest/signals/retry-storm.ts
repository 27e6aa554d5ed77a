import type { Span } from '../../domain/trace';
import { isModelCall } from '../../domain/trace-genai';
import { firstMember, textOf } from '../genai/attribute-view';
import { errorEvidence } from './error';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import { isFailed } from './span-errors';
import type { TraceView } from './trace-view';

/** Attempts that fail, whatever the waits between them. */
const STORM = 4;
/** Attempts that fail without growing waits. */
const IMPATIENT = 3;
/** A wait that grows by less is no backing off. */
const GROWTH = 1.5;
const MOST_EVIDENCE = 5;

/** What tells one request of a kind from another, for spans that are neither models nor tools. */
const REQUESTED = [
  'resource.name',
  'db.query.text',
  'db.statement',
  'url.full',
  'http.url',
  'http.target',
  'rpc.method',
];

interface Attempt {
  readonly span: Span;
  readonly end: bigint;
}

/**
 * The same operation with the same arguments that fails one time after the other: four times, or three times without
 * waiting longer each time.
 */
export const retryStormRule: SignalRule = {
  kind: 'retry_storm',
  exposures: (view) => view.spans.map((span) => view.operationKey(span)),
  find: (view) =>
    [...attemptsOf(view)].flatMap(([identity, spans]) => {
      const attempts = inSequence(spans);
      const isStorm = attempts.length >= STORM || (attempts.length >= IMPATIENT && !backsOff(attempts));
      return isStorm ? [signalOf(view, identity, attempts)] : [];
    }),
};

function attemptsOf(view: TraceView): ReadonlyMap<string, readonly Span[]> {
  const attempts = new Map<string, Span[]>();
  const add = (identity: string, span: Span): void => {
    const known = attempts.get(identity);
    if (known === undefined) attempts.set(identity, [span]);
    else known.push(span);
  };
  const tools = new Set(view.toolUses.map(({ span }) => span.spanId));
  for (const { identity, failed, span, executed } of view.toolUses)
    if (failed && executed) add(identity, span);
  for (const span of view.deepestFailures) {
    const identity = tools.has(span.spanId) ? null : requestOf(view, span);
    if (identity !== null) add(identity, span);
  }
  return attempts;
}

/** Null for a span that does not tell what it asked for. */
function requestOf(view: TraceView, span: Span): string | null {
  if (!isFailed(span)) return null;
  const operation = view.operations.get(span.spanId);
  if (operation !== undefined && isModelCall(operation)) return view.operationKey(span);
  const requested = textOf(firstMember(span.attributes, REQUESTED));
  return requested === '' ? null : `${span.name} ${requested}`;
}

/** Attempts one after the other: those that began while another was under way are no retries of it. */
function inSequence(spans: readonly Span[]): readonly Attempt[] {
  const sequence: Attempt[] = [];
  for (const span of spans) {
    const end = span.endTimeUnixNano;
    const last = sequence.at(-1);
    if (end !== null && (last === undefined || span.startTimeUnixNano >= last.end))
      sequence.push({ span, end });
  }
  return sequence;
}

function backsOff(attempts: readonly Attempt[]): boolean {
  const waits = attempts
    .slice(1)
    .map(({ span }, at) => Number(span.startTimeUnixNano - (attempts[at]?.end ?? 0n)));
  return waits.slice(1).every((wait, at) => wait > 0 && wait >= GROWTH * (waits[at] ?? 0));
}

function signalOf(view: TraceView, identity: string, attempts: readonly Attempt[]): FoundSignal {
  const spans = attempts.map(({ span }) => span);
  const [first] = spans;
  const operation = first === undefined ? identity : view.operationKey(first);
  const waiting = backsOff(attempts) ? '' : ', without waiting longer each time';
  return {
    failureType: 'retry_amplification',
    spanId: spans.at(-1)?.spanId ?? '',
    scope: operation,
    trigger: `retries of ${operation}`,
    explanation: `${operation} failed ${spans.length} times in a row with the same arguments${waiting}`,
    ...(view.operations.get(first?.spanId ?? '')?.executed == null
      ? {}
      : { oracle: { kind: 'tool_loop' as const, times: spans.length } }),
    evidence: spans.slice(0, MOST_EVIDENCE).map((span) => attemptEvidence(view, span)),
  };
}

/** The error, or the result that says it is one. */
function attemptEvidence(view: TraceView, span: Span): ReturnType<typeof quoteOf> {
  if (isFailed(span)) return errorEvidence(span);
  const result = view.operations.get(span.spanId)?.executed?.result ?? '';
  return quoteOf(span, {
    passages: [result, 'error'],
    explanation: 'the result of the attempt',
    near: /result|output|response/,
  });
}
