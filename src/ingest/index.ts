import { otlpReader } from './formats/otlp';
import type { TraceFormatReader } from './reader';

/** The formats that traces are read from; a new one is a line here, and passes test/contract/trace-formats. */
export const TRACE_FORMAT_READERS: readonly TraceFormatReader[] = [otlpReader];
