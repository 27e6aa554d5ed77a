import type { Span } from '../../domain/trace';
import { textOf } from '../genai/attribute-view';
import { errorEvidence } from './error';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import { errorOf, isFailed } from './span-errors';
import type { TraceView } from './trace-view';

/** Shorter words are no sign that two errors are about the same thing. */
const TELLING_MESSAGE = 20;
/** Pairs of failures that are compared in one trace. */
const MOST_FAILURES = 200;

/**
 * A failure that took others with it: it made the service that called its own fail, or a later operation failed that was
 * linked to it or whose error repeats its words.
 */
export const cascadeRule: SignalRule = {
  kind: 'cascade',
  exposures: (view) => (view.spans.length > 1 ? ['traces of several operations'] : []),
  find: (view) => {
    const failures = view.deepestFailures.slice(0, MOST_FAILURES);
    return failures.flatMap((span) => acrossServices(view, span) ?? ontoLater(view, span, failures) ?? []);
  },
};

function acrossServices(view: TraceView, span: Span): FoundSignal | null {
  const service = serviceOf(span);
  if (service === '') return null;
  const failed = [...view.ancestors(span)].find(
    (ancestor) => isFailed(ancestor) && serviceOf(ancestor) !== '' && serviceOf(ancestor) !== service,
  );
  return failed === undefined
    ? null
    : signalOf(view, span, failed, `${serviceOf(failed)} failed with ${service}, which it called`);
}

function ontoLater(view: TraceView, span: Span, failures: readonly Span[]): FoundSignal | null {
  const end = span.endTimeUnixNano;
  if (end === null) return null;
  const { message } = errorOf(span);
  const later = failures.find(
    (other) =>
      other.startTimeUnixNano >= end &&
      view.operationKey(other) !== view.operationKey(span) &&
      (other.links.some(({ spanId }) => spanId === span.spanId) || repeats(other, message)),
  );
  return later === undefined
    ? null
    : signalOf(
        view,
        span,
        later,
        `${view.operationKey(later)} failed on the failure of ${view.operationKey(span)}`,
      );
}

function repeats(span: Span, message: string): boolean {
  return message.length >= TELLING_MESSAGE && errorOf(span).message.includes(message);
}

function signalOf(view: TraceView, first: Span, then: Span, explanation: string): FoundSignal {
  const cause = errorEvidence(first);
  const effect = errorEvidence(then);
  return {
    failureType: 'cascading_failure',
    spanId: first.spanId,
    scope: 'traces of several operations',
    trigger: `failure of ${view.operationKey(first)}`,
    explanation,
    evidence:
      cause === null || effect === null
        ? []
        : [
            cause,
            { ...effect, explanation: 'the failure that followed from it' },
            ...(serviceOf(first) === '' ? [] : [serviceEvidence(first)]),
          ],
  };
}

function serviceEvidence(span: Span): ReturnType<typeof quoteOf> {
  return quoteOf(span, {
    passages: [serviceOf(span)],
    explanation: 'the service that failed first',
    near: /^resource/,
  });
}

function serviceOf({ resource }: Span): string {
  return textOf(resource.attributes['service.name']);
}
