import {
  array,
  bigInt,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  oneof,
  option,
  record,
  string,
  uint8Array,
  type Arbitrary,
} from 'fast-check';
import {
  SPAN_KINDS,
  SPAN_STATUSES,
  type Attributes,
  type AttributeValue,
  type Span,
} from '../../../src/domain/trace';

const HEX = '0123456789abcdef'.split('');
/** Not all zeros, which means none. */
const hexId = (digits: number): Arbitrary<string> =>
  array(constantFrom(...HEX), { minLength: digits - 1, maxLength: digits - 1 }).map(
    (rest) => `a${rest.join('')}`,
  );

export const text = string({ unit: 'grapheme', maxLength: 12 });
const key = string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map((name) => `k.${name}`);
const number: Arbitrary<AttributeValue> = oneof(
  integer(),
  double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => value + 0)
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
  bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);

const scalar: Arbitrary<AttributeValue> = oneof(text, number, boolean());
const nested: Arbitrary<AttributeValue> = oneof(
  scalar,
  array(scalar, { maxLength: 3 }),
  dictionary(key, scalar, { maxKeys: 3 }),
  constant(null),
);
const withBytes: Arbitrary<AttributeValue> = oneof(
  nested,
  uint8Array({ maxLength: 5 }),
  constantFrom(Number.NaN, Infinity, -Infinity),
);

export const attributes = {
  /** All that OTLP can say. */
  any: dictionary(key, withBytes, { maxKeys: 5 }),
  /** All that JSON can say. */
  json: dictionary(key, nested, { maxKeys: 5 }),
  scalars: dictionary(key, scalar, { maxKeys: 5 }),
  textsAndNumbers: dictionary(key, oneof(text, number), { maxKeys: 5 }),
} satisfies Readonly<Record<string, Arbitrary<Attributes>>>;

/** Times in nanoseconds that are whole numbers of a unit. */
export function time(unitNanos: bigint): Arbitrary<bigint> {
  const min = 1_000_000_000_000_000_000n / unitNanos;
  return bigInt({ min, max: 4n * min }).map((units) => units * unitNanos);
}

/** A span with all its fields, for formats that carry them. */
export function fullSpan(of: Arbitrary<Attributes>, unitNanos: bigint): Arbitrary<Span> {
  return record({
    traceId: hexId(32),
    spanId: hexId(16),
    parentSpanId: option(hexId(16)),
    originalTraceId: constant(null),
    originalSpanId: constant(null),
    name: text,
    kind: constantFrom(...SPAN_KINDS),
    startTimeUnixNano: time(unitNanos),
    endTimeUnixNano: option(time(unitNanos)),
    status: constantFrom(...SPAN_STATUSES),
    statusMessage: text,
    attributes: of,
    events: array(record({ name: text, timeUnixNano: option(time(unitNanos)), attributes: of }), {
      maxLength: 2,
    }),
    links: array(record({ traceId: hexId(32), spanId: hexId(16), attributes: of }), { maxLength: 2 }),
    resource: text.map((name) => ({ attributes: { 'service.name': name } })),
    scope: constant(null),
    traceState: option(constant('vendor=1')),
    source: constant({ format: 'otlp', position: '' } as const),
  });
}

/** A span of which only ids, name, times and attributes are free. */
export function plainSpan(of: Arbitrary<Attributes>, unitNanos: bigint): Arbitrary<Span> {
  return fullSpan(of, unitNanos).map((span) => ({
    ...span,
    kind: 'unspecified' as const,
    status: 'unset' as const,
    statusMessage: '',
    events: [],
    links: [],
    traceState: null,
  }));
}
