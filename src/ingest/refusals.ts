import { isRecord, type JsonRecord } from './fields';

interface Refusal {
  readonly applies: (document: JsonRecord) => boolean;
  readonly reason: string;
}

const has =
  (...keys: readonly string[]) =>
  (document: JsonRecord): boolean =>
    keys.some((key) => document[key] !== undefined);

const REFUSALS: readonly Refusal[] = [
  {
    applies: has('resourceLogs', 'resource_logs'),
    reason: 'It holds log records (resourceLogs), not spans.',
  },
  {
    applies: has('resourceMetrics', 'resource_metrics'),
    reason: 'It holds metrics (resourceMetrics), not spans.',
  },
  {
    applies: has('resourceProfiles', 'resource_profiles'),
    reason: 'It holds profiles (resourceProfiles), not spans.',
  },
  { applies: has('TraceSummaries'), reason: 'It holds summaries of X-Ray traces, not their segments.' },
  { applies: isServiceGraph, reason: 'It is a service graph of X-Ray (Services), which has no segments.' },
  { applies: isJaeger, reason: 'It is in the format of Jaeger, which is not read; export it as OTLP.' },
  { applies: isZipkin, reason: 'It is in the format of Zipkin, which is not read; export it as OTLP.' },
  {
    applies: isInspectLog,
    reason: 'It is a log of inspect_ai: samples with messages and scores, without spans.',
  },
];

/** Why a document holds no traces, when it is known to be something else; null otherwise. */
export function refusalOf(document: unknown): string | null {
  const first: unknown = Array.isArray(document) ? document[0] : document;
  if (!isRecord(first)) return null;
  return REFUSALS.find(({ applies }) => applies(first))?.reason ?? null;
}

function isServiceGraph({ Services: services, Segments: segments }: JsonRecord): boolean {
  return Array.isArray(services) && segments === undefined;
}

function isJaeger({ data, spans, processes }: JsonRecord): boolean {
  const trace: unknown = Array.isArray(data) ? data[0] : { spans, processes };
  if (!isRecord(trace) || !Array.isArray(trace.spans) || !isRecord(trace.processes)) return false;
  const span: unknown = trace.spans[0];
  return isRecord(span) && span.traceID !== undefined && span.operationName !== undefined;
}

function isZipkin(document: JsonRecord): boolean {
  const { traceId, id, timestamp, localEndpoint, binaryAnnotations } = document;
  const isSpan = traceId !== undefined && id !== undefined && timestamp !== undefined;
  return isSpan && (isRecord(localEndpoint) || Array.isArray(binaryAnnotations));
}

function isInspectLog({ eval: evaluation, samples, plan, status }: JsonRecord): boolean {
  return isRecord(evaluation) && (Array.isArray(samples) || isRecord(plan)) && typeof status === 'string';
}
