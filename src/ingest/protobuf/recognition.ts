import { BadWire, fieldAt, type WireField } from './wire';

/** What bytes are taken for. */
export interface BinaryHead {
  /** Whether they are requests of OTLP traces. */
  readonly isTraces: boolean;
  readonly isFramed: boolean;
  /** For people: why, or what they are instead. */
  readonly why: string;
}

const FRAME_HEADER_BYTES = 4;
const TAG = { resources: 0x0a, scopes: 0x12, records: 0x12, traceId: 0x0a, fixedTime: 0x09 } as const;
const TRACE_ID_BYTES = 16;
const LOOKED_AT = 4_096;

/** Whether the beginning of a stream holds bytes that no text of JSON has. */
export function isBinary(head: Uint8Array): boolean {
  return head
    .subarray(0, LOOKED_AT)
    .some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
}

/** Tells requests of OTLP by their first span; logs and metrics have the same messages around other records. */
export function recogniseProtobuf(head: Buffer): BinaryHead {
  const isFramed = head[0] === 0;
  try {
    return { isFramed, ...judge(head, isFramed ? FRAME_HEADER_BYTES : 0) };
  } catch (error) {
    if (!(error instanceof BadWire)) throw error;
    return { isFramed, isTraces: false, why: 'It is neither text nor protobuf of OTLP.' };
  }
}

function judge(head: Buffer, start: number): Pick<BinaryHead, 'isTraces' | 'why'> {
  const resource = element(head, start, Infinity, TAG.resources);
  if (resource === null) return { isTraces: false, why: 'It is neither text nor protobuf of OTLP.' };
  const scope = element(head, resource.start, resource.start + resource.length, TAG.scopes);
  const record = scope === null ? null : element(head, scope.start, scope.start + scope.length, TAG.records);
  const first = record === null ? null : fieldAt(head, record.start, head.length);
  if (first === null) return { isTraces: true, why: 'it is protobuf with resources' };
  if (first.tag === TAG.traceId && first.length === TRACE_ID_BYTES) {
    return { isTraces: true, why: 'it is protobuf with spans in scopes in resources' };
  }
  return {
    isTraces: false,
    why:
      first.tag === TAG.fixedTime
        ? 'It holds log records of OTLP in protobuf, not spans.'
        : 'It is protobuf like that of OTLP, but what it holds are no spans.',
  };
}

/** The first field with that tag in a message; null when there is none as far as the bytes go. */
function element(bytes: Buffer, start: number, end: number, tag: number): WireField | null {
  const known = Math.min(end, bytes.length);
  for (let at = start; at < known;) {
    const field = fieldAt(bytes, at, known);
    if (field === null) return null;
    if (field.start + field.length > end) throw new BadWire('a field is longer than what it is in');
    if (field.tag === tag) return field;
    at = field.start + field.length;
  }
  return null;
}
