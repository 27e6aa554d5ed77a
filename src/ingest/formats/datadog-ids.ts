import { BadSpan, integerOf, isMissing, isRecord, type JsonRecord } from '../fields';
import { anyId, type Id } from '../ids';
import { isText } from '../json/lossless';

const HEX_32 = /^[0-9a-f]{32}$/i;
const HEX_16 = /^[0-9a-f]{16}$/i;
/** What stands for the parent of a root. */
const NO_PARENT = new Set<unknown>([0, '0', '', 'undefined', null, undefined]);
const REMEMBERED_TRACES = 50_000;

/**
 * The upper halves of 128-bit trace ids. Tracers send the lower 64 bits with every span, and the upper ones as a tag of one
 * span of a chunk, which holds for all of its trace.
 */
export class UpperHalves {
  private readonly known = new Map<unknown, string>();

  /** Learns from spans, before any of them is read; `tag` is that of the chunk they are in. */
  learn(spans: readonly unknown[], tag?: unknown): void {
    for (const span of spans) {
      if (!isRecord(span)) continue;
      const upper = ownUpper(span) ?? upperIn(tag);
      if (upper !== null) this.remember(rawTraceId(span), upper);
    }
  }

  of(span: JsonRecord): string {
    return ownUpper(span) ?? this.known.get(rawTraceId(span)) ?? '0000000000000000';
  }

  private remember(trace: unknown, upper: string): void {
    this.known.set(trace, upper);
    if (this.known.size <= REMEMBERED_TRACES) return;
    const [oldest] = this.known.keys();
    this.known.delete(oldest);
  }
}

function ownUpper({ meta }: JsonRecord): string | null {
  return isRecord(meta) ? upperIn(meta['_dd.p.tid']) : null;
}

function upperIn(tag: unknown): string | null {
  return isText(tag) && HEX_16.test(tag) ? tag.toLowerCase() : null;
}

export function rawTraceId(span: JsonRecord): unknown {
  return span.trace_id ?? span.traceID ?? span.traceId;
}

/** A trace id of 64 bits, as tracers send it, with its upper half.
 * @throws {BadSpan} */
export function tracerTraceId(value: unknown, upper: string): Id {
  if (isMissing(value)) throw new BadSpan('It has no trace id.');
  const id = integerId(value);
  if (id === null) throw new BadSpan('The trace id is not an integer.');
  const { hex, original } = id;
  return { hex: hex.length > 16 ? hex.padStart(32, '0') : upper + hex.padStart(16, '0'), original };
}

/** @throws {BadSpan} */
export function tracerSpanId(value: unknown): Id {
  if (isMissing(value)) throw new BadSpan('It has no span id.');
  const id = integerId(value);
  if (id === null || id.hex.length > 16) throw new BadSpan('The span id is not an integer of 64 bits.');
  return { hex: id.hex.padStart(16, '0'), original: id.original };
}

/** Null for a root.
 * @throws {BadSpan} */
export function tracerParentId(value: unknown): string | null {
  return NO_PARENT.has(value) ? null : tracerSpanId(value).hex;
}

/** An id of the product's APIs: a decimal or hexadecimal text, in documentation also a name.
 * @throws {BadSpan} when it is missing. */
export function apiTraceId(value: unknown): Id {
  const integer = isText(value) && HEX_32.test(value) ? null : integerId(value);
  const id = integer === null ? anyId(value, 32, 'The trace id') : padded(integer, 32);
  if (id === null) throw new BadSpan('It has no trace id.');
  return id;
}

/** Null when it stands for none.
 * @throws {BadSpan} */
export function apiSpanId(value: unknown, name: string): Id | null {
  if (NO_PARENT.has(value)) return null;
  const isHex = isText(value) && HEX_16.test(value) && /[a-f]/i.test(value);
  const integer = isHex ? null : integerId(value);
  return integer === null || integer.hex.length > 16 ? anyId(value, 16, name) : padded(integer, 16);
}

interface IntegerId extends Id {
  readonly original: string;
}

function padded({ hex, original }: IntegerId, digits: number): Id {
  return { hex: hex.padStart(digits, '0'), original };
}

/** An integer of at most 128 bits in hexadecimal, without zeros before it; null for everything else. */
function integerId(value: unknown): IntegerId | null {
  const integer = integerOf(value);
  if (integer === null || integer < 0n) return null;
  const hex = integer.toString(16);
  return hex.length > 32 ? null : { hex, original: integer.toString() };
}
