import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { BINDINGS, type Environment, type Override } from './environment';
import type { ConfigMistake } from './mistakes';

/** Variables that hold secrets: each can be given as a file under its name with `_FILE`, as Docker and Kubernetes mount them. */
const SECRET_VARIABLES = [
  'TINMAN_DATABASE_URL',
  'TINMAN_OWNER_DATABASE_URL',
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
  'GROQ_API_KEY',
  'OPENROUTER_API_KEY',
  'TOGETHER_API_KEY',
] as const;

/** The variables that name such a file. */
export const SECRET_FILE_VARIABLES: readonly string[] = SECRET_VARIABLES.map((name) => `${name}_FILE`);

const MAX_BYTES = 65_536;

interface SecretFiles {
  readonly overrides: readonly Override[];
  readonly mistakes: readonly ConfigMistake[];
}

/**
 * Reads the secrets that are given as files; white space around a secret is not part of it. A variable beside its file,
 * a file that cannot be read and an empty one are mistakes, which never show the secret.
 */
export function secretFiles(env: Environment, cwd: string, placeOf: (name: string) => string): SecretFiles {
  const overrides: Override[] = [];
  const mistakes: ConfigMistake[] = [];
  for (const name of SECRET_VARIABLES) {
    const variable = `${name}_FILE`;
    const path = env[variable];
    if (path === undefined || path === '') continue;
    const from = placeOf(variable);
    const secret = readSecret(resolve(cwd, path));
    const binding = BINDINGS[name];
    if (env[name] !== undefined && env[name] !== '') {
      mistakes.push({ where: from, field: '', message: `${name} is set as well; give one of the two` });
    } else if ('mistake' in secret) {
      mistakes.push({ where: from, field: '', message: `${path} ${secret.mistake}` });
    } else if (binding !== undefined) {
      overrides.push({ path: binding.path, value: secret.value, from });
    }
  }
  return { overrides, mistakes };
}

function readSecret(path: string): { readonly value: string } | { readonly mistake: string } {
  try {
    if (statSync(path).size > MAX_BYTES) return { mistake: 'is larger than 64 KiB' };
    const value = readFileSync(path, 'utf8').trim();
    return value === '' ? { mistake: 'is empty' } : { value };
  } catch (error) {
    return { mistake: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
