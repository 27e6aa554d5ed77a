import type { Attributes } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../ports/logger';
import { redact } from './logger';

/**
 * An exporter that sends no secrets in what errors say, and tells the log when its receiver begins to fail and when it
 * takes spans again.
 */
export function careful(exporter: SpanExporter, log: Logger): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans.map(withoutSecrets), (result) => {
        const failed = result.code === ExportResultCode.FAILED;
        if (failed && !failing) log.warn({ err: result.error }, 'spans could not be sent, and are lost');
        if (!failed && failing) log.info({}, 'spans are taken again');
        failing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

/** The same span; what errors say is redacted as in the log. */
function withoutSecrets(span: ReadableSpan): ReadableSpan {
  const { status, events } = span;
  if (status.message === undefined && events.length === 0) return span;
  const told: Partial<ReadableSpan> = {
    status: status.message === undefined ? status : { ...status, message: redact(status.message) },
    events: events.map((event) => ({ ...event, attributes: redacted(event.attributes ?? {}) })),
  };
  return new Proxy(span, {
    get: (whole, key): unknown => Reflect.get(Object.hasOwn(told, key) ? told : whole, key),
  });
}

function redacted(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value] as const),
  );
}
