import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Span } from '../domain/trace';
import { isModelCall, modelOf } from '../domain/trace-genai';
import {
  NOTHING_TAKEN,
  type IntakeFigures,
  type IntakeOptions,
  type TraceIntake,
} from '../ports/trace-intake';
import type { SpanToStore, TraceStore } from '../ports/trace-store';
import type { TraceBatch } from './decoder';
import { readTraces } from './read-traces';
import { Redactor, type Redactions } from './redaction';
import type { RedactionRule } from './redaction-rules';
import { summariseTraces, type ReadSpan } from './summarise-traces';

/** Spans that are stored at a time: so many that it matters little how long an answer of the database waits to be read. */
const GROUP = 8_000;
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
        accept: (batch) => storable(batch),
        take: (spans) => keeper.take(spans),
      });
      await keeper.end();
      const { seen: _seen, ...figures } = keeper.figures;
      return { ...summary, ...figures };
    },
  };
}

/** The batch without the spans that cannot be stored. */
function storable({ spans, rejected }: TraceBatch): TraceBatch {
  const beyond = (time: bigint | null): boolean => time !== null && time > LATEST_UNIX_NANO;
  const isBeyond = (span: Span): boolean => beyond(span.startTimeUnixNano) || beyond(span.endTimeUnixNano);
  const late = spans.filter((span) => isBeyond(span));
  if (late.length === 0) return { spans, rejected };
  const refused = late.map(({ source }) => ({
    position: source.position,
    reason: 'Its time is beyond the year 2262.',
  }));
  return { spans: spans.filter((span) => !isBeyond(span)), rejected: [...rejected, ...refused] };
}

/** What is written in one transaction. */
interface Group {
  readonly spans: readonly SpanToStore[];
  /** How far the stream is dealt with once it is written. */
  readonly seen: number;
  readonly notSampled: number;
  readonly redacted: Redactions;
}

/** Stores the spans of one stream, a group at a time: the next is read and made ready while one is written. */
class Keeper {
  private waiting: ReadSpan[] = [];
  private saving: Promise<void> = Promise.resolve();
  private readonly redactor: Redactor;
  private readonly skip: number;
  private seen = 0;
  private written: IntakeFigures;

  constructor(
    private readonly deps: IntakeDeps,
    private readonly options: IntakeOptions,
    private readonly rate: number,
  ) {
    this.redactor = new Redactor(deps.redaction);
    this.written = options.from ?? NOTHING_TAKEN;
    this.skip = this.written.seen;
  }

  get figures(): IntakeFigures {
    return { ...this.written, seen: this.seen };
  }

  async take(spans: readonly ReadSpan[]): Promise<void> {
    const skipped = Math.max(0, Math.min(spans.length, this.skip - this.seen));
    this.seen += spans.length;
    for (const span of spans.slice(skipped)) this.waiting.push(span);
    if (this.waiting.length >= GROUP) await this.flush();
    // What comes from memory leaves no moment in which answers of the database are read.
    await setImmediate();
  }

  async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const received = this.waiting;
    this.waiting = [];
    const group = await this.prepared(received, this.seen);
    await this.saving;
    this.saving = this.store(group);
    // It is thrown where the next group, or the end, waits for it.
    this.saving.catch(() => undefined);
  }

  /** @throws what the last write threw. */
  async end(): Promise<void> {
    await this.flush();
    await this.saving;
  }

  private async store({ spans, seen, notSampled, redacted }: Group): Promise<void> {
    const { stored, duplicates } = await this.deps.traces.save(this.options.target, spans);
    const before = this.written;
    this.written = {
      seen,
      stored: before.stored + stored,
      duplicates: before.duplicates + duplicates,
      not_sampled: before.not_sampled + notSampled,
      redacted: added(before.redacted, redacted),
    };
    await this.options.onProgress?.(this.written);
  }

  private async prepared(received: readonly ReadSpan[], seen: number): Promise<Group> {
    const kept = await this.sampled(received);
    const redacted: Redactions = {};
    const spans = kept.map((read) => this.toStore(read, redacted));
    return { spans, seen, notSampled: received.length - kept.length, redacted };
  }

  /** Of traces without an error only a share is kept, the same whoever asks; a trace that is kept is kept whole. */
  private async sampled(spans: readonly ReadSpan[]): Promise<readonly ReadSpan[]> {
    if (this.rate >= 1) return spans;
    // What is being written is known only then.
    await this.saving;
    const failing = new Set(
      spans.filter(({ span }) => span.status === 'error').map(({ span }) => span.traceId),
    );
    const left = [...new Set(spans.map(({ span }) => span.traceId))].filter(
      (traceId) => !failing.has(traceId) && fraction(traceId) >= this.rate,
    );
    const known = await this.deps.traces.known(left);
    const out = new Set(left.filter((traceId) => !known.has(traceId)));
    return spans.filter(({ span }) => !out.has(span.traceId));
  }

  private toStore({ span: received, genAi }: ReadSpan, redacted: Redactions): SpanToStore {
    const span = this.redactor.redact(received, redacted);
    const service = span.resource.attributes['service.name'];
    return {
      span,
      model: genAi === null || !isModelCall(genAi) ? null : modelOf(genAi),
      service: typeof service === 'string' ? service : null,
    };
  }
}

function added(before: Readonly<Record<string, number>>, now: Redactions): Redactions {
  const sum: Redactions = { ...before };
  for (const [rule, count] of Object.entries(now)) sum[rule] = (sum[rule] ?? 0) + count;
  return sum;
}

/** Where in 0–1 a trace falls; uniform, whatever its maker did with the id. */
function fraction(traceId: string): number {
  return createHash('sha256').update(traceId).digest().readUInt32BE(0) / 2 ** 32;
}
