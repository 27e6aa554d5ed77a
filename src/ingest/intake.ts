import { createHash } from 'node:crypto';
import type { RejectedSpan, Span } from '../domain/trace';
import { isModelCall, modelOf, type GenAiOperation } from '../domain/trace-genai';
import {
  NOTHING_TAKEN,
  type IntakeFigures,
  type IntakeOptions,
  type TraceIntake,
} from '../ports/trace-intake';
import type { SpanToStore, TraceStore } from '../ports/trace-store';
import type { TraceBatch } from './decoder';
import { readGenAi } from './genai';
import { readTraces } from './read-traces';
import { redactSpan, type RedactionRule, type Redactions } from './redaction';
import { summariseTraces } from './summarise-traces';

/** Spans that are stored at a time. */
const GROUP = 4_000;
/** What PostgreSQL's bigint holds: until the year 2262. */
const LATEST_UNIX_NANO = 2n ** 63n - 1n;

export interface IntakeDeps {
  readonly traces: Pick<TraceStore, 'save' | 'known'>;
  readonly redaction: readonly RedactionRule[];
  /** The share of traces without an error that is kept now: 1 keeps all. */
  readonly sampleRate: () => Promise<number>;
}

export function createTraceIntake(deps: IntakeDeps): TraceIntake {
  return {
    async receive(source, options) {
      const reading = readTraces(source, {
        ...(options.format === undefined ? {} : { format: options.format }),
        ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
        ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
      });
      const keeper = new Keeper(deps, options, await deps.sampleRate());
      const summary = await summariseTraces(reading, {
        take: (batch) => keeper.take(batch),
        readGenAi: (span) => keeper.genAiOf(span),
      });
      await keeper.end();
      const { seen: _seen, ...figures } = keeper.figures;
      return { ...summary, ...figures };
    },
  };
}

/** Stores the spans of one stream, a group at a time. */
class Keeper {
  private waiting: Span[] = [];
  private saving: Promise<void> = Promise.resolve();
  private readonly skip: number;
  private seen = 0;
  private stored: number;
  private duplicates: number;
  private notSampled: number;
  private readonly redacted: Redactions;
  private readonly genAi = new WeakMap<Span, GenAiOperation | null>();

  constructor(
    private readonly deps: IntakeDeps,
    private readonly options: IntakeOptions,
    private readonly rate: number,
  ) {
    const { from = NOTHING_TAKEN } = options;
    this.skip = from.seen;
    this.stored = from.stored;
    this.duplicates = from.duplicates;
    this.notSampled = from.not_sampled;
    this.redacted = { ...from.redacted };
  }

  get figures(): IntakeFigures {
    const { seen, stored, duplicates, notSampled, redacted } = this;
    return { seen, stored, duplicates, not_sampled: notSampled, redacted };
  }

  /** Read once a span: for the summary, and for its model. */
  genAiOf(span: Span): GenAiOperation | null {
    const known = this.genAi.get(span);
    if (known !== undefined) return known;
    const read = readGenAi(span);
    this.genAi.set(span, read);
    return read;
  }

  /** @returns the batch without the spans that cannot be stored. */
  async take({ spans, rejected }: TraceBatch): Promise<TraceBatch> {
    const storable: Span[] = [];
    const beyond: RejectedSpan[] = [];
    for (const span of spans) {
      if (span.startTimeUnixNano <= LATEST_UNIX_NANO && (span.endTimeUnixNano ?? 0n) <= LATEST_UNIX_NANO)
        storable.push(span);
      else beyond.push({ position: span.source.position, reason: 'Its time is beyond the year 2262.' });
    }
    const skipped = Math.max(0, Math.min(storable.length, this.skip - this.seen));
    this.seen += storable.length;
    for (const span of storable.slice(skipped)) this.waiting.push(span);
    if (this.waiting.length >= GROUP) await this.flush();
    return { spans: storable, rejected: [...rejected, ...beyond] };
  }

  /** Stores what waits while more is read: one group is written at a time. */
  async flush(): Promise<void> {
    await this.saving;
    if (this.waiting.length === 0) return;
    const group = this.waiting;
    this.waiting = [];
    this.saving = this.store(group, this.seen);
    // It is thrown where the next group, or the end, waits for it.
    this.saving.catch(() => undefined);
  }

  /** @throws what the last write threw. */
  async end(): Promise<void> {
    await this.flush();
    await this.saving;
  }

  private async store(received: readonly Span[], seen: number): Promise<void> {
    const group = await this.sampled(received);
    const { stored, duplicates } = await this.deps.traces.save(
      this.options.target,
      group.map((span) => this.prepared(span)),
    );
    this.stored += stored;
    this.duplicates += duplicates;
    await this.options.onProgress?.({ ...this.figures, seen });
  }

  /** Of traces without an error only a share is kept, the same whoever asks; a trace that is kept is kept whole. */
  private async sampled(spans: readonly Span[]): Promise<readonly Span[]> {
    if (this.rate >= 1) return spans;
    const failing = new Set(spans.filter(({ status }) => status === 'error').map(({ traceId }) => traceId));
    const left = [...new Set(spans.map(({ traceId }) => traceId))].filter(
      (traceId) => !failing.has(traceId) && fraction(traceId) >= this.rate,
    );
    const known = await this.deps.traces.known(left);
    const out = new Set(left.filter((traceId) => !known.has(traceId)));
    const kept = spans.filter(({ traceId }) => !out.has(traceId));
    this.notSampled += spans.length - kept.length;
    return kept;
  }

  private prepared(received: Span): SpanToStore {
    const span = redactSpan(received, this.deps.redaction, this.redacted);
    const genAi = this.genAiOf(received);
    const service = span.resource.attributes['service.name'];
    return {
      span,
      model: genAi === null || !isModelCall(genAi) ? null : modelOf(genAi),
      service: typeof service === 'string' ? service : null,
    };
  }
}

/** Where in 0–1 a trace falls; uniform, whatever its maker did with the id. */
function fraction(traceId: string): number {
  return createHash('sha256').update(traceId).digest().readUInt32BE(0) / 2 ** 32;
}
