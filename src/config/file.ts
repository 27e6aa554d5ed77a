import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { Environment } from './environment';
import type { ConfigMistake } from './mistakes';

const MAX_FILE_BYTES = 1_048_576;
const DEFAULT_NAME = 'tinman.yaml';

/** A configuration file with the places of its keys and values. */
export interface ConfigFile {
  readonly values: Readonly<Record<string, unknown>>;
  /** `name:line:column` of the value at a path, or of its nearest enclosing key that exists. */
  readonly locate: (path: readonly PropertyKey[]) => string;
  /** `name:line:column` of a key in the mapping at a path. */
  readonly locateKey: (path: readonly PropertyKey[], key: string) => string;
}

interface ReadResult {
  readonly file?: ConfigFile;
  readonly mistakes: readonly ConfigMistake[];
}

/** Where the settings file is looked for. */
export interface SettingsFileSources {
  readonly cwd: string;
  readonly env: Environment;
  /** `--config`; without it TINMAN_CONFIG, else tinman.yaml where there is one. */
  readonly configPath?: string | undefined;
}

/** What the settings file is called: as it was named, else by its usual name. */
export function settingsFileName(sources: SettingsFileSources): string {
  return givenName(sources) ?? DEFAULT_NAME;
}

/** Reads the settings file. Where none is named, and there is none of the usual name, nothing is wrong. */
export function readSettingsFile(sources: SettingsFileSources): ReadResult {
  const name = settingsFileName(sources);
  const path = resolve(sources.cwd, name);
  if (givenName(sources) === undefined && !existsSync(path)) return { mistakes: [] };
  return readConfigFile(path, name);
}

function givenName({ env, configPath }: SettingsFileSources): string | undefined {
  return configPath ?? (env['TINMAN_CONFIG'] || undefined);
}

/** Reads a YAML file with a mapping in it. Mistakes of its syntax come with line and column. */
export function readConfigFile(path: string, shownAs: string): ReadResult {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return failed(shownAs, 'larger than 1 MiB');
    return parseConfig(readFileSync(path, 'utf8'), shownAs);
  } catch (error) {
    return failed(shownAs, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseConfig(text: string, shownAs: string): ReadResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${shownAs}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    return {
      mistakes: document.errors.map(({ pos, message }) => ({ where: place(pos[0]), field: '', message })),
    };
  }
  const values: unknown = document.toJS() ?? {};
  if (!isMapping(values)) return failed(place(0), 'expected settings as `name: value`');
  return { file: { values, ...locators(document, place) }, mistakes: [] };
}

function failed(where: string, message: string): ReadResult {
  return { mistakes: [{ where, field: '', message }] };
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function locators(document: Document.Parsed, place: (offset: number) => string) {
  const descend = (path: readonly PropertyKey[]) => {
    let node: unknown = document.contents;
    let offset = offsetOf(node) ?? 0;
    for (const step of path) {
      const { key, value } = childOf(node, step);
      offset = offsetOf(value) ?? offsetOf(key) ?? offset;
      node = isAlias(value) ? value.resolve(document) : value;
    }
    return { node, offset };
  };
  return {
    locate: (path: readonly PropertyKey[]) => place(descend(path).offset),
    locateKey: (path: readonly PropertyKey[], name: string) => {
      const { node, offset } = descend(path);
      return place(offsetOf(childOf(node, name).key) ?? offset);
    },
  };
}

function childOf(node: unknown, step: PropertyKey): { readonly key?: unknown; readonly value?: unknown } {
  if (isSeq(node)) return { value: node.items[Number(step)] };
  if (!isMap(node)) return {};
  return node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step)) ?? {};
}

/** Undefined for `key:` with nothing behind it, whose own place would be the end of the line. */
function offsetOf(node: unknown): number | undefined {
  if (!isNode(node) || (isScalar(node) && node.value === null && node.source === '')) return undefined;
  return node.range?.[0];
}
