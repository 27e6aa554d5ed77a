import { readFile } from 'node:fs/promises';
import { types } from 'node:util';
import { DomainError } from '../domain/errors';
import type { Endpoint } from './attempt';
import { secretBytes } from './signature';

interface ConfiguredEndpoint {
  readonly name: string;
  readonly url: string;
  readonly secret: { readonly file: string } | { readonly env: string };
}

/**
 * The configured endpoints with their secrets.
 * @throws {DomainError} `invalid_configuration` for a secret that is missing or is none; it is not in the message.
 */
export function openEndpoints(
  configured: readonly ConfiguredEndpoint[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Endpoint[]> {
  return Promise.all(
    configured.map(async ({ name, url, secret }) => {
      const [source, text] =
        'file' in secret ? await readSecret(name, secret.file) : [secret.env, env[secret.env]];
      if (text === undefined || text === '') throw unusable(name, `${source} is not set`);
      const bytes = secretBytes(text);
      if (bytes === undefined) {
        throw unusable(
          name,
          `${source} does not hold a secret: whsec_ and base64 of 24 to 64 bytes are expected`,
        );
      }
      return { name, url, secret: bytes };
    }),
  );
}

async function readSecret(name: string, file: string): Promise<readonly [source: string, text: string]> {
  try {
    return [file, await readFile(file, 'utf8')];
  } catch (error) {
    const code = types.isNativeError(error) && 'code' in error ? String(error.code) : 'unknown';
    throw unusable(name, `${file} cannot be read: ${code}`);
  }
}

function unusable(name: string, problem: string): DomainError {
  return new DomainError('invalid_configuration', `the secret of the webhook ${name}: ${problem}`);
}
