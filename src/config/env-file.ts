import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { isOurs, type Environment } from './environment';
import type { ConfigMistake } from './mistakes';

const NAME = '.env';
const MAX_FILE_BYTES = 1_048_576;

/** The variables of the file `.env`, each with its place. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** `.env:line` of a variable. */
  readonly locate: (name: string) => string;
  readonly mistakes: readonly ConfigMistake[];
}

/** Reads `.env` in a folder; where there is none, it is empty. */
export function readEnvFile(cwd: string): EnvFile {
  try {
    const path = join(cwd, NAME);
    const stat = statSync(path, { throwIfNoEntry: false });
    // A folder of this name is a Python environment.
    if (stat === undefined || stat.isDirectory()) return EMPTY;
    if (stat.size > MAX_FILE_BYTES) return unreadable('larger than 1 MiB');
    return parseEnvFile(readFileSync(path, 'utf8'));
  } catch (error) {
    return unreadable(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The environment with what `.env` adds to it; a variable that is set, even to nothing, stands. */
export function withEnvFile(env: Environment, { values }: Pick<EnvFile, 'values'>): Environment {
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return { ...values, ...Object.fromEntries(set) };
}

const EMPTY: EnvFile = { values: {}, locate: () => NAME, mistakes: [] };

function unreadable(message: string): EnvFile {
  return { ...EMPTY, mistakes: [{ where: NAME, field: '', message }] };
}

function parseEnvFile(text: string): EnvFile {
  const values = parse(text);
  const lines = text.split(/\r\n?|\n/).map((line, index) => ({ line, name: nameIn(line), at: index + 1 }));
  return {
    values,
    locate: (name) => {
      // Of two the second stands.
      const found = lines.findLast((one) => one.name === name);
      return found === undefined ? NAME : `${NAME}:${found.at}`;
    },
    mistakes: lines
      .filter(({ line, name }) => name !== undefined && isOurs(name) && !Object.hasOwn(parse(line), name))
      .map(({ at }) => ({ where: `${NAME}:${at}`, field: '', message: 'expected NAME=value' })),
  };
}

function nameIn(line: string): string | undefined {
  return /^\s*(?:export\s+)?([A-Za-z_]\w*)/.exec(line)?.[1];
}
