import type { RejectedSpan } from '../domain/trace';
import type { TraceSummary } from '../ports/trace-intake';
import type { TraceBatch } from './decoder';
import { GenAiTally, readGenAi } from './genai';
import type { TraceReading } from './read-traces';

const SHOWN_REJECTIONS = 100;

/** What is done with traces while they are counted. */
interface Counting {
  /** Is given each batch, and says what counts of it. */
  readonly take: (batch: TraceBatch) => Promise<TraceBatch>;
  readonly readGenAi: typeof readGenAi;
}

const ONLY_COUNTING: Counting = { take: (batch) => Promise.resolve(batch), readGenAi };

/** Reads traces to their end and counts what they hold; keeps no more of them than the ids of the traces. */
export async function summariseTraces(
  reading: TraceReading,
  { take, readGenAi: genAiOf }: Counting = ONLY_COUNTING,
): Promise<TraceSummary> {
  const traces = new Set<string>();
  const genAi = new GenAiTally();
  const rejected: RejectedSpan[] = [];
  let spans = 0;
  let errors = 0;
  let rejections = 0;
  for await (const read of reading) {
    const batch = await take(read);
    for (const span of batch.spans) {
      traces.add(span.traceId);
      genAi.add(span, genAiOf(span));
      if (span.status === 'error') errors++;
    }
    spans += batch.spans.length;
    rejections += batch.rejected.length;
    rejected.push(...batch.rejected.slice(0, SHOWN_REJECTIONS - rejected.length));
  }
  const { format, confidence, why } = reading.detection ?? UNREAD;
  return {
    format,
    confidence,
    why,
    traces: traces.size,
    spans,
    error_spans: errors,
    rejected,
    rejected_count: rejections,
    ...(reading.reason === null ? {} : { reason: reading.reason }),
    gen_ai: genAi.summary,
  };
}

const UNREAD = { format: null, confidence: 0, why: [] } as const;
