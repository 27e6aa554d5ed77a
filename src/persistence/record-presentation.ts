import { usdOfMicro } from '../domain/money';
import type { ApiRecord } from '../ports/records';

/** A row as it comes from a raw query. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Members whose content is a caller's or a model's, and not ours to rename: JSON Schemas and tool arguments. */
const VERBATIM: ReadonlySet<string> = new Set(['parameters', 'schema', 'arguments']);

/** A row as the API shows it: ISO times, dollars in place of micro-dollars, snake_case inside stored JSON as well. */
export function presentRow(row: RawRow): ApiRecord {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => presentMember(name, value)));
}

function presentMember(name: string, value: unknown): [string, unknown] {
  const shown = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (VERBATIM.has(shown)) return [shown, value];
  if (!shown.endsWith('_micro_usd')) return [shown, presentValue(value)];
  return [shown.replace(/_micro_usd$/, '_usd'), value === null ? null : usdOfMicro(Number(value))];
}

function presentValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(presentValue);
  if (typeof value !== 'object' || value === null) return value;
  return presentRow({ ...value });
}
