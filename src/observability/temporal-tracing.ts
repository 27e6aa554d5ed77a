import type { AsyncLocalStorage } from 'node:async_hooks';
import { createTraceState, type SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ClientInterceptors } from '@temporalio/client';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';
import {
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import type { OpenTelemetrySinks, SerializableSpan } from '@temporalio/interceptors-opentelemetry';
import { TRACE_HEADER } from '@temporalio/interceptors-opentelemetry/lib/instrumentation';

/** What carries traces through Temporal. */
export interface TemporalTracing {
  readonly client: ClientInterceptors;
  readonly activity: ActivityInterceptorsFactory;
  /** Takes the spans that workflows have made. */
  readonly sinks: InjectedSinks<OpenTelemetrySinks>;
}

interface Parts {
  readonly resource: Resource;
  readonly processor: SpanProcessor;
  /** Where it has a value, that is the id of a trace that begins there. */
  readonly traceOfRun: AsyncLocalStorage<string>;
}

/** Interceptors that join the spans of client, workflow and activity to one trace. */
export function temporalTracing({ resource, processor, traceOfRun }: Parts): TemporalTracing {
  return {
    client: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] },
    activity: (ctx) => {
      const traced = new OpenTelemetryActivityInboundInterceptor(ctx);
      const runId = ctx.info.workflowExecution?.runId;
      return {
        inbound: {
          // A workflow that nobody traced, say of a schedule: the trace of its activities is named after the run.
          execute: (input, next) =>
            input.headers[TRACE_HEADER] !== undefined || runId === undefined
              ? traced.execute(input, next)
              : traceOfRun.run(runId.replaceAll('-', ''), () => traced.execute(input, next)),
        },
        outbound: new OpenTelemetryActivityOutboundInterceptor(ctx),
      };
    },
    sinks: {
      exporter: {
        export: {
          fn: (info, spans) => spans.forEach((span) => processor.onEnd(received(span, info, resource))),
        },
      },
    },
  };
}

/** A span as workflows hand it out, in the words of the SDK's present version. */
function received(span: SerializableSpan, info: WorkflowInfo, resource: Resource): ReadableSpan {
  const { spanContext, parentSpanId, instrumentationLibrary, attributes, ...rest } = span;
  const { traceState, ...ids } = spanContext;
  const own: SpanContext =
    traceState === undefined ? ids : { ...ids, traceState: createTraceState(traceState) };
  const { workflowId, runId } = info;
  return {
    ...rest,
    attributes: { ...attributes, temporalWorkflowId: workflowId, run_id: runId },
    spanContext: () => own,
    ...(parentSpanId === undefined ? {} : { parentSpanContext: { ...own, spanId: parentSpanId } }),
    resource,
    instrumentationScope: instrumentationLibrary,
  };
}
