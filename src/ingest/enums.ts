import { SPAN_KINDS, SPAN_STATUSES, type SpanKind, type SpanStatus } from '../domain/trace';

const KINDS = spellings(SPAN_KINDS, 'SPAN_KIND', 'SpanKind');
const STATUSES = spellings(SPAN_STATUSES, 'STATUS_CODE', 'StatusCode');

/** The kind that a number or name means, in any spelling of OpenTelemetry; undefined for everything else. */
export function kindNamed(value: unknown): SpanKind | undefined {
  return KINDS.get(value) ?? (typeof value === 'string' ? KINDS.get(value.toUpperCase()) : undefined);
}

/** The status that a number or name means, in any spelling of OpenTelemetry; undefined for everything else. */
export function statusNamed(value: unknown): SpanStatus | undefined {
  return STATUSES.get(value) ?? (typeof value === 'string' ? STATUSES.get(value.toUpperCase()) : undefined);
}

/** By number, bare name, name of protobuf, and name of the SDK for Python. */
function spellings<T extends string>(
  values: readonly T[],
  protobuf: string,
  python: string,
): ReadonlyMap<unknown, T> {
  return new Map(
    values.flatMap((value, number) => {
      const name = value.toUpperCase();
      const names = [number, String(number), name, `${protobuf}_${name}`, `${python}.${name}`.toUpperCase()];
      return names.map((one) => [one, value] as const);
    }),
  );
}
