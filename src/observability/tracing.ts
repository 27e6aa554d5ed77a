import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import type { DiagLogger } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../ports/logger';
import { VERSION } from '../version';
import { careful } from './careful-exporter';
import { temporalTracing, type TemporalTracing } from './temporal-tracing';
import type { TracingSettings } from './tracing-settings';

/** The tracing of a process that is on. */
export interface Tracing {
  /** What client and worker of Temporal need to carry traces on. */
  readonly temporal: TemporalTracing;
  /** Sends what is not sent yet, for the time of one batch at most. Never rejects. */
  close(): Promise<void>;
}

/**
 * Turns OpenTelemetry's API on in this process: from now on requests, workflows, activities and model calls make spans,
 * which are sent in batches. A receiver that does not take them is told of once in the log, and holds up nothing.
 */
export function startTracing(settings: TracingSettings, serviceName: string, log: Logger): Tracing {
  const resource = resourceFromAttributes({
    'service.name': serviceName,
    'service.version': VERSION,
    'service.instance.id': randomUUID(),
    ...settings.resource,
  });
  const processor = new BatchSpanProcessor(careful(exporterTo(settings), log));
  const traceOfRun = new AsyncLocalStorage<string>();
  const idGenerator = new IdsOfRuns(traceOfRun);
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor], idGenerator });
  diag.setLogger(sdkWarnings(log), DiagLogLevel.WARN);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    temporal: temporalTracing({ resource, processor, traceOfRun }),
    async close() {
      // Why spans could not be sent was told by the exporter.
      await provider.shutdown().catch(() => undefined);
      for (const api of [trace, context, propagation, diag]) api.disable();
    },
  };
}

function exporterTo({ url, form, headers, timeoutMs }: TracingSettings): SpanExporter {
  const config = { url, headers: { ...headers }, timeoutMillis: timeoutMs };
  return form === 'json' ? new JsonExporter(config) : new ProtobufExporter(config);
}

/** What the SDK warns of, say spans that it had no room for. Its errors are exports that failed, which are told elsewhere. */
function sdkWarnings(log: Logger): DiagLogger {
  const line = (said: readonly unknown[]): string => said.map(String).join(' ');
  const quiet = (...said: unknown[]): void => log.debug({}, line(said));
  const warn = (...said: unknown[]): void => log.warn({}, `OpenTelemetry: ${line(said)}`);
  return { error: quiet, warn, info: quiet, debug: quiet, verbose: quiet };
}

/** Random ids, except where a run of a workflow gives the trace. */
class IdsOfRuns extends RandomIdGenerator {
  constructor(traceOfRun: AsyncLocalStorage<string>) {
    super();
    const random = this.generateTraceId;
    this.generateTraceId = () => traceOfRun.getStore() ?? random();
  }
}
