import type { RejectedSpan, Span } from '../domain/trace';
import type { GenAiOperation } from '../domain/trace-genai';
import type { TraceSummary } from '../ports/trace-intake';
import type { TraceBatch } from './decoder';
import { GenAiTally, readGenAi } from './genai';
import type { TraceReading } from './read-traces';

const SHOWN_REJECTIONS = 100;

/** A span, and what it says of generative AI. */
export interface ReadSpan {
  readonly span: Span;
  readonly genAi: GenAiOperation | null;
}

/** What is done with traces while they are counted. */
interface Counting {
  /** Says what counts of a batch. */
  readonly accept: (batch: TraceBatch) => TraceBatch;
  /** Is given what counts. */
  readonly take: (spans: readonly ReadSpan[]) => Promise<void>;
}

const ONLY_COUNTING: Counting = { accept: (batch) => batch, take: () => Promise.resolve() };

/** Reads traces to their end and counts what they hold; keeps no more of them than the ids of the traces. */
export async function summariseTraces(
  reading: TraceReading,
  { accept, take }: Counting = ONLY_COUNTING,
): Promise<TraceSummary> {
  const traces = new Set<string>();
  const genAi = new GenAiTally();
  const rejected: RejectedSpan[] = [];
  let spans = 0;
  let errors = 0;
  let rejections = 0;
  for await (const read of reading) {
    const batch = accept(read);
    const spansOfBatch = batch.spans.map((span) => ({ span, genAi: readGenAi(span) }));
    for (const { span, genAi: operation } of spansOfBatch) {
      traces.add(span.traceId);
      genAi.add(span, operation);
      if (span.status === 'error') errors++;
    }
    await take(spansOfBatch);
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
