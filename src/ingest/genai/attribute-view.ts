import type { Attributes, AttributeValue } from '../../domain/trace';
import { attributeOf } from '../attributes';
import { BadSpan } from '../fields';
import { parseJson } from '../json/lossless';

export type AttributeRecord = { readonly [key: string]: AttributeValue };

/** Longer texts are not read as JSON. */
const LONGEST_JSON = 4 * 1_024 * 1_024;
/** Segments of a key such as `llm.input_messages.0.message.role` that become levels. */
const DEEPEST_KEY = 16;

export function isAttributeRecord(value: AttributeValue | undefined): value is AttributeRecord {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

export function isAttributeList(value: AttributeValue | undefined): value is readonly AttributeValue[] {
  return Array.isArray(value);
}

/** A member of an object, also where its name means something to JavaScript; undefined for anything else. */
export function member(value: AttributeValue | undefined, key: string): AttributeValue | undefined {
  return isAttributeRecord(value) && Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined;
}

/** The first of these members that is there. */
export function firstMember(
  value: AttributeValue | undefined,
  keys: readonly string[],
): AttributeValue | undefined {
  for (const key of keys) {
    const found = member(value, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A text as it is, anything else as JSON with all its digits; bytes as nothing. */
export function textOf(value: AttributeValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return stringify(value);
}

function stringify(value: AttributeValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return '""';
  if (isAttributeList(value)) return `[${value.map(stringify).join(',')}]`;
  if (!isAttributeRecord(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${stringify(item)}`)
    .join(',')}}`;
}

/** The value itself, or what its JSON text says, with all digits. */
export function decoded(value: AttributeValue | undefined): AttributeValue | undefined {
  if (typeof value !== 'string') return value;
  if (value.length > LONGEST_JSON || !/^\s*[[{"]/.test(value)) return value;
  try {
    return attributeOf(parseJson(Buffer.from(value)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof BadSpan) return value;
    throw error;
  }
}

export function countOf(value: AttributeValue | undefined): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

export function numberOf(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^\s*-?\d{1,20}(?:\.\d{1,20})?(?:e-?\d{1,3})?\s*$/i.test(value))
    return undefined;
  return Number(value);
}

/** Reads attributes by their names, wherever a source puts them: on the span, in an object, or spread over flat keys. */
export class AttributeView {
  /** What each key has in the first source that gives it a value: far more keys are asked for than are there. */
  private readonly known = new Map<string, AttributeValue>();
  /** Those with objects inside. */
  private readonly nested: readonly Attributes[];
  private flat: readonly (readonly [string, AttributeValue])[] | undefined;

  /** Sources in order of trust. */
  constructor(private readonly sources: readonly Attributes[]) {
    const nested = new Set<Attributes>();
    for (const source of sources) {
      for (const [key, value] of Object.entries(source)) {
        if (value !== null && !this.known.has(key)) this.known.set(key, value);
        if (isAttributeRecord(value)) nested.add(source);
      }
    }
    this.nested = [...nested];
  }

  /** The same with a source that is trusted most. */
  with(source: Attributes): AttributeView {
    return new AttributeView([source, ...this.sources]);
  }

  /** The first of these keys that has a value, as its own key or as a path through objects. */
  value(...keys: readonly string[]): AttributeValue | undefined {
    for (const key of keys) {
      const found = this.known.get(key) ?? this.inside(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A text that is not empty. */
  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const found = this.value(key);
      if (typeof found === 'string' && found.trim() !== '') return found;
    }
    return undefined;
  }

  /** A whole number that is not negative. */
  count(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const found = countOf(this.value(key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  number(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const found = numberOf(this.value(key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What stands under a key: a value, its JSON, or a list gathered from the flat keys below it. */
  decoded(key: string): AttributeValue | undefined {
    return decoded(this.value(key)) ?? this.gathered(key);
  }

  /** As a list: a list, a JSON list, or flat keys with indices; a single object is a list of one. */
  list(...keys: readonly string[]): readonly AttributeValue[] {
    for (const key of keys) {
      const found = this.decoded(key);
      if (isAttributeList(found)) return found;
      if (isAttributeRecord(found)) return [found];
    }
    return [];
  }

  /** Attributes whose keys have an index in them, which belong to lists. */
  private indexed(): readonly (readonly [string, AttributeValue])[] {
    this.flat ??= this.sources.flatMap((source) =>
      Object.entries(source).filter(([key]) => /\.\d{1,9}(?:\.|$)/.test(key)),
    );
    return this.flat;
  }

  private inside(key: string): AttributeValue | undefined {
    for (const source of this.nested) {
      const found = descend(source, key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private gathered(prefix: string): AttributeValue | undefined {
    const indexed = this.indexed();
    if (indexed.length === 0) return undefined;
    const branch = newBranch();
    const start = `${prefix}.`;
    for (const [key, value] of indexed) {
      if (key.startsWith(start)) plant(branch, key.slice(start.length), value);
    }
    return branch.members.size === 0 ? undefined : grown(branch);
  }
}

interface Branch {
  readonly members: Map<string, Branch | AttributeValue>;
}

function newBranch(): Branch {
  return { members: new Map() };
}

function isBranch(value: Branch | AttributeValue | undefined): value is Branch {
  return typeof value === 'object' && value !== null && 'members' in value && value.members instanceof Map;
}

/** The first source that names a key wins. */
function plant(root: Branch, path: string, value: AttributeValue): void {
  const segments = path.split('.', DEEPEST_KEY);
  let branch = root;
  for (const segment of segments.slice(0, -1)) {
    const known = branch.members.get(segment);
    if (known !== undefined && !isBranch(known)) return;
    const next = known ?? newBranch();
    branch.members.set(segment, next);
    branch = next;
  }
  const leaf = segments.at(-1) ?? '';
  if (!branch.members.has(leaf)) branch.members.set(leaf, value);
}

/** Members that are all numbered become a list, in order of their numbers. */
function grown({ members }: Branch): AttributeValue {
  const entries = [...members].map(([key, value]) => [key, isBranch(value) ? grown(value) : value] as const);
  if (entries.every(([key]) => /^\d{1,9}$/.test(key))) {
    return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
  }
  return Object.fromEntries(entries);
}

interface Split {
  readonly head: string;
  readonly rest: string;
}

/** Where the keys that conventions know can be parted: looked up for every span, so parted once. */
const SPLITS = new Map<string, readonly Split[]>();

function splitsOf(key: string): readonly Split[] {
  const known = SPLITS.get(key);
  if (known !== undefined) return known;
  const splits: Split[] = [];
  for (let dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) {
    splits.push({ head: key.slice(0, dot), rest: key.slice(dot + 1) });
  }
  SPLITS.set(key, splits);
  return splits;
}

/** A path through objects whose members may themselves have dots in their names. */
function descend(source: AttributeRecord, key: string): AttributeValue | undefined {
  for (const { head, rest } of splitsOf(key)) {
    const inner = member(source, head);
    if (!isAttributeRecord(inner)) continue;
    const found = member(inner, rest) ?? descend(inner, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}
