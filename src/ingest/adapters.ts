import type { Trace, TraceFormat } from '../domain/trace';
import { parseTraces } from './parse-traces';

abstract class TraceAdapter {
  protected abstract readonly format: TraceFormat;

  /**
   * Reads a document: its text, its bytes, or the object parsed from it.
   * @throws {DomainError} `unreadable_traces` with the reason, when it holds no traces of this format.
   */
  parse(data: unknown): readonly Trace[] {
    return parseTraces(data, { format: this.format });
  }
}

/** Reads OTLP, in JSON or protobuf. */
export class OTLPAdapter extends TraceAdapter {
  protected readonly format = 'otlp';
}

/** Reads traces of Datadog APM and LLM Observability. */
export class DatadogAdapter extends TraceAdapter {
  protected readonly format = 'datadog';
}

/** Reads segments of AWS X-Ray. */
export class XRayAdapter extends TraceAdapter {
  protected readonly format = 'xray';
}

/** Reads our own JSON, as docs/trace.schema.json has it, and what is like it. */
export class JSONAdapter extends TraceAdapter {
  protected readonly format = 'json';
}
