import { z } from 'zod';
import { BINDINGS } from '../../src/config/environment';
import { SETTINGS } from '../../src/config/schema';

/** A setting as docs/configuration.md shows it: name, values, default, environment variable. */
export type SettingRow = readonly [name: string, values: string, byDefault: string, variable: string];

const Described = z.looseObject({
  get properties() {
    return z.record(z.string(), Described).optional();
  },
  type: z.string().default(''),
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
});
type Described = z.infer<typeof Described>;

/** Every setting of the schema, in its order. */
export function settingRows(): readonly SettingRow[] {
  const schema = z.toJSONSchema(SETTINGS, { io: 'input' });
  return rowsOf(Described.parse(schema), SETTINGS.parse({}), []);
}

function rowsOf(node: Described, byDefault: unknown, path: readonly string[]): readonly SettingRow[] {
  if (node.properties !== undefined) {
    const defaults = z.looseObject({}).parse(byDefault ?? {});
    return Object.entries(node.properties).flatMap(([name, inner]) =>
      rowsOf(inner, defaults[name], [...path, name]),
    );
  }
  const name = path.join('.');
  return [[name, valuesOf(node), textOf(byDefault), variableOf(name)]];
}

function valuesOf(node: Described): string {
  if (node.enum !== undefined) return node.enum.join(', ');
  if (node.anyOf !== undefined) return 'seconds, or 45s, 90m, 24h, 7d';
  switch (node.type) {
    case 'integer':
    case 'number':
      return rangeOf(node);
    case 'boolean':
      return 'true, false';
    case 'object':
      return 'name: settings';
    case 'array':
      return 'list';
    default:
      return textKindOf(node);
  }
}

function textKindOf({ format, pattern }: Described): string {
  if (format === 'uri' || pattern?.includes('postgres') === true) return 'URL';
  return pattern?.includes(':') === true ? 'host:port' : 'text';
}

function rangeOf({ type, minimum, exclusiveMinimum, maximum }: Described): string {
  const low = minimum === undefined ? `above ${exclusiveMinimum}` : `${minimum}`;
  const range = `${low} to ${maximum}`.replace(/(\d)(?=(\d{3})+$)/g, '$1,');
  return type === 'integer' ? `whole, ${range}` : range;
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'object'
    ? 'none'
    : `${z.union([z.string(), z.number(), z.boolean()]).parse(value)}`;
}

function variableOf(name: string): string {
  const found = Object.entries(BINDINGS).find(([, { path }]) => path.join('.') === name);
  return found?.[0] ?? '';
}
