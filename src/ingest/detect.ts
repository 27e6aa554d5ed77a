import type { TraceFormat } from '../domain/trace';
import { isRecord } from './fields';
import type { Head } from './json/head';
import type { TraceFormatReader } from './reader';
import { refusalOf } from './refusals';

/** What a stream was taken for, and why. */
export interface Detection {
  /** Null when it was refused. */
  readonly format: TraceFormat | null;
  /** 0–1: the share of what the format's own documents show. */
  readonly confidence: number;
  /** For people. */
  readonly why: readonly string[];
  /** Why it was refused; null when it was not. */
  readonly reason: string | null;
}

/** Below this a document is refused rather than guessed at. */
const LEAST_CONFIDENCE = 0.5;
/** By which the best format must lead. */
const LEAST_LEAD = 0.15;
const MAX_KEYS = 8;

interface Candidate {
  readonly reader: TraceFormatReader;
  readonly confidence: number;
  readonly why: readonly string[];
}

/** Tells the format by the first documents of a stream; refuses when none, or more than one, fits. */
export function detect(head: Head, readers: readonly TraceFormatReader[]): Detection {
  const known = head.documents.map(refusalOf);
  const unknown = head.documents.filter((_, index) => known[index] === null);
  if (unknown.length === 0) return refused(known.find((reason) => reason !== null) ?? unreadable(head));
  const candidates = readers
    .map((reader) => judge(reader, unknown))
    .toSorted((one, other) => other.confidence - one.confidence);
  const [best, second] = candidates;
  if (best === undefined || best.confidence < LEAST_CONFIDENCE)
    return refused(unlike(unknown[0], best, head), best);
  if (second !== undefined && best.confidence - second.confidence < LEAST_LEAD)
    return refused(tie(best, second), best);
  return { format: best.reader.format, confidence: best.confidence, why: best.why, reason: null };
}

/** What is known when the format need not be told. */
export function formatGiven(format: TraceFormat): Detection {
  return { format, confidence: 1, why: ['the format was given'], reason: null };
}

function judge(reader: TraceFormatReader, documents: readonly unknown[]): Candidate {
  const all = documents.map((document) => reader.recognise(document));
  const mean = all.reduce((sum, { confidence }) => sum + confidence, 0) / all.length;
  const why = [...new Set(all.flatMap((recognition) => recognition.why))];
  return { reader, confidence: Math.round(mean * 100) / 100, why };
}

function refused(reason: string, best?: Candidate): Detection {
  return { format: null, confidence: best?.confidence ?? 0, why: best?.why ?? [], reason };
}

function unreadable({ problem, isEmpty }: Head): string {
  if (isEmpty) return 'It is empty.';
  return problem === null
    ? 'It is neither a JSON object nor an array.'
    : `It is not one JSON document: ${problem}.`;
}

function unlike(document: unknown, best: Candidate | undefined, { problem }: Head): string {
  if (problem !== null) return `It is not one JSON document: ${problem}.`;
  const guess =
    best === undefined || best.confidence === 0
      ? ''
      : ` It is most like ${best.reader.format}: ${best.why.join(', ')}.`;
  return `No trace format fits ${described(document)}.${guess}`;
}

function described(document: unknown): string {
  if (Array.isArray(document)) {
    return document.length === 0 ? 'an empty array' : `an array of ${described(document[0])}`;
  }
  if (!isRecord(document)) return 'plain values';
  const keys = Object.keys(document).map((key) => key.slice(0, 40));
  const shown = keys.slice(0, MAX_KEYS).join(', ') + (keys.length > MAX_KEYS ? ', …' : '');
  return keys.length === 0 ? 'an empty object' : `an object with ${shown}`;
}

function tie(best: Candidate, second: Candidate): string {
  const [one, other] = [best, second].map(({ reader, why }) => `${reader.format} (${why.join(', ')})`);
  return `Two formats fit: ${one} and ${other}. Say which with the format option.`;
}
