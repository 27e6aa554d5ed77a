import { trace } from '@opentelemetry/api';
import type * as OpenTelemetry from '@temporalio/interceptors-opentelemetry/lib/workflow';
import type { Headers } from '@temporalio/common';
import type { WorkflowInterceptors } from '@temporalio/workflow';

/** The header by which `@temporalio/interceptors-opentelemetry` hands a trace on. */
const TRACE_HEADER = '_tracer-data';

/**
 * Traces a workflow, or the handling of a message to it, when its caller was traced. The history says so, and a replay does
 * the same whether or not its worker sends spans. Ids of spans use up random numbers of the workflow, and the library takes
 * time to load: what nobody traces pays for neither.
 */
export function interceptors(): WorkflowInterceptors {
  let tracing: Tracing | undefined;
  const traced = (): Tracing => (tracing ??= load());
  return {
    inbound: [
      {
        execute: (input, next) => (isTraced(input) ? traced().inbound.execute(input, next) : next(input)),
        handleSignal: (input, next) =>
          isTraced(input) ? traced().inbound.handleSignal(input, next) : next(input),
        handleUpdate: (input, next) =>
          isTraced(input) ? traced().inbound.handleUpdate(input, next) : next(input),
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          isWithinSpan() ? traced().outbound.scheduleActivity(input, next) : next(input),
        scheduleLocalActivity: (input, next) =>
          isWithinSpan() ? traced().outbound.scheduleLocalActivity(input, next) : next(input),
        continueAsNew: (input, next) =>
          isWithinSpan() ? traced().outbound.continueAsNew(input, next) : next(input),
        getLogAttributes: (input, next) =>
          isWithinSpan() ? traced().outbound.getLogAttributes(input, next) : next(input),
      },
    ],
  };
}

interface Tracing {
  readonly inbound: OpenTelemetry.OpenTelemetryInboundInterceptor;
  readonly outbound: OpenTelemetry.OpenTelemetryOutboundInterceptor;
}

function load(): Tracing {
  // oxlint-disable-next-line typescript/no-require-imports, typescript/no-unsafe-assignment -- an import loads it always
  const library: typeof OpenTelemetry = require('@temporalio/interceptors-opentelemetry/lib/workflow');
  return {
    inbound: new library.OpenTelemetryInboundInterceptor(),
    outbound: new library.OpenTelemetryOutboundInterceptor(),
  };
}

function isTraced({ headers }: { readonly headers: Headers }): boolean {
  return headers[TRACE_HEADER] !== undefined;
}

function isWithinSpan(): boolean {
  return trace.getActiveSpan() !== undefined;
}
