import { datadogReader } from './formats/datadog';
import { jsonReader } from './formats/json';
import { langfuseReader } from './formats/langfuse';
import { openInferenceReader } from './formats/openinference';
import { otlpReader } from './formats/otlp';
import { xrayReader } from './formats/xray';
import type { TraceFormatReader } from './reader';

/** The formats that traces are read from; a new one is a line here, and passes test/contract/trace-formats. */
export const TRACE_FORMAT_READERS: readonly TraceFormatReader[] = [
  otlpReader,
  datadogReader,
  xrayReader,
  langfuseReader,
  openInferenceReader,
  jsonReader,
];
