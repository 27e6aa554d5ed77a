import type { Prisma } from './generated/client';

/** Micro-dollars of a bigint column. */
export function money(value: bigint): number {
  const amount = Number(value);
  if (!Number.isSafeInteger(amount))
    throw new RangeError(`${value} micro-dollars are beyond exact arithmetic`);
  return amount;
}

/** A member of a closed set; the database's check constraints hold the same set. */
export function member<T extends string>(members: readonly T[], value: string): T {
  const found = members.find((candidate) => candidate === value);
  if (found === undefined) throw new RangeError(`${value} is none of ${members.join(', ')}`);
  return found;
}

/**
 * A jsonb column as the type it was written from: each such column is written by one store only, from that very type.
 * This is the one place where stored JSON is taken at its word.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function fromJson<T>(value: Prisma.JsonValue): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return value as T;
}

/** Text that PostgreSQL stores: without NUL and lone surrogates, which models and targets do send. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** The same for an optional text. */
export function storableTextOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text);
}

/** JSON that PostgreSQL stores as jsonb; see `storableText`. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return UNSTORABLE_ESCAPE.test(json) ? JSON.stringify(storableCopy(JSON.parse(json))) : json;
}

/** The same for a jsonb column that Prisma writes; null stays out of it. */
export function storableInput(value: unknown): Prisma.InputJsonValue | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse makes of what JSON.stringify wrote
  return (JSON.parse(storableJson(value)) ?? undefined) as Prisma.InputJsonValue | undefined;
}

/** JSON.stringify writes exactly the unstorable characters as such escapes (and a harmless backslash before the same letters). */
const UNSTORABLE_ESCAPE = /\\u(?:0000|d[89a-f])/;

function storableCopy(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storableCopy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), storableCopy(inner)]),
  );
}
