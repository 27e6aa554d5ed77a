import { constantFrom, nat, record, type Arbitrary } from 'fast-check';

const DEEP = '['.repeat(2_000) + ']'.repeat(2_000);
/** What a value is replaced by, as JSON; null leaves the member out. */
const REPLACEMENTS = [
  null,
  'null',
  'true',
  '-1',
  '1e400',
  '123456789012345678901234567890123456789012345678901234567890',
  '"text"',
  '"\\ud800"',
  '""',
  '[]',
  '{}',
  '[null]',
  '{"__proto__":{"polluted":true}}',
  DEEP,
] as const;

export interface Mutation {
  readonly at: number;
  readonly by: string | null;
}

/** A change of one value somewhere in a record. */
export const mutation: Arbitrary<Mutation> = record({ at: nat(), by: constantFrom(...REPLACEMENTS) });

const MARK = '\u0002here\u0002';

/** The text of a record with one of its values, at any depth, replaced or left out. */
export function mutated(text: string, { at, by }: Mutation): string {
  const value: unknown = JSON.parse(
    text.replaceAll(/([:[,])(-?\d{16,})(?=[,\]}])/g, '$1"\u0001$2\u0001"').replaceAll('\u0001', '\\u0001'),
  );
  const paths = pathsIn(value);
  const path = paths[at % paths.length] ?? [];
  const changed = JSON.stringify(replaced(value, path, by === null ? undefined : MARK));
  return (changed ?? 'null')
    .replaceAll(/"\\u0001(-?\d+)\\u0001"/g, '$1')
    .replace(JSON.stringify(MARK), by ?? '');
}

type Path = readonly (string | number)[];

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, by: string | undefined): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item: unknown, index) =>
      String(index) === String(key) ? replaced(item, rest, by) : item,
    );
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([own, item]: [string, unknown]) => [
      own,
      own === key ? replaced(item, rest, by) : item,
    ]),
  );
}
