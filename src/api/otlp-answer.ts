import { Writer } from 'protobufjs';

/** What an OTLP/HTTP request is answered: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response. */
export interface OtlpAnswer {
  readonly contentType: string;
  readonly body: Buffer | string;
}

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

/** `ExportTraceServiceResponse`, in kind. Without rejections there is no `partial_success`. */
export function exportAnswer(
  isProtobuf: boolean,
  rejected: { readonly spans: number; readonly message: string },
): OtlpAnswer {
  const isPartial = rejected.spans > 0 || rejected.message !== '';
  if (!isProtobuf) {
    const partial = { rejectedSpans: String(rejected.spans), errorMessage: rejected.message };
    return { contentType: JSON_TYPE, body: JSON.stringify(isPartial ? { partialSuccess: partial } : {}) };
  }
  const writer = Writer.create();
  if (isPartial) {
    writer.uint32(tag(1, BYTES)).fork();
    if (rejected.spans > 0) writer.uint32(tag(1, VARINT)).int64(rejected.spans);
    if (rejected.message !== '') writer.uint32(tag(2, BYTES)).string(rejected.message);
    writer.ldelim();
  }
  return { contentType: PROTOBUF, body: Buffer.from(writer.finish()) };
}

/** `google.rpc.Status`, in kind. `code` is one of gRPC's: 3 is INVALID_ARGUMENT. */
export function statusAnswer(isProtobuf: boolean, code: number, message: string): OtlpAnswer {
  if (!isProtobuf) return { contentType: JSON_TYPE, body: JSON.stringify({ code, message }) };
  const writer = Writer.create().uint32(tag(1, VARINT)).int32(code);
  writer.uint32(tag(2, BYTES)).string(message);
  return { contentType: PROTOBUF, body: Buffer.from(writer.finish()) };
}

const VARINT = 0;
const BYTES = 2;

/** Field number and wire type: https://protobuf.dev/programming-guides/encoding/#structure. */
function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
