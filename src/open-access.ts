import { readFile } from 'node:fs/promises';
import type { Config } from './config';
import { DomainError } from './domain/errors';
import { isLoopback } from './loopback';
import type { ApiKeys } from './ports/access';

const MAX_KEY_FILE_LENGTH = 1_024;

/**
 * Makes the first key from its file where one is named and there is none yet. Beyond loopback nobody is served without
 * keys.
 * @throws {DomainError} `invalid_configuration` for an unusable file, or a host that others reach while no key is in force.
 */
export async function openAccess(
  keys: Pick<ApiKeys, 'bootstrap' | 'exist'>,
  { host, access: { bootstrapKeyFile } }: Pick<Config, 'host' | 'access'>,
): Promise<void> {
  if (bootstrapKeyFile !== undefined) await keys.bootstrap(await readKey(bootstrapKeyFile));
  if (isLoopback(host) || (await keys.exist())) return;
  throw new DomainError(
    'invalid_configuration',
    `others can reach ${host}, and there is no API key: make one with ` +
      '`tinman keys create --owner NAME --role admin`, or name a file in TINMAN_BOOTSTRAP_KEY_FILE',
  );
}

async function readKey(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > MAX_KEY_FILE_LENGTH) throw new Error('it is too long for a key');
    return text.trim();
  } catch (error) {
    throw new DomainError('invalid_configuration', `the bootstrap key file cannot be used: ${String(error)}`);
  }
}
