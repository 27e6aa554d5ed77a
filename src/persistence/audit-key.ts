import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The key of the chain from its file, made (readable by its owner only) when missing. Whoever has it can forge seals.
 * @throws when the file holds something else.
 */
export async function loadAuditKey(path: string): Promise<Buffer> {
  if (!existsSync(path)) await createKey(path);
  return readAuditKey(path);
}

/** The key of the chain from its file. @throws when there is none, or the file holds something else. */
export async function readAuditKey(path: string): Promise<Buffer> {
  const text = (await readFile(path, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new Error(`${path} is not an audit key: 64 hex digits are expected`);
  return Buffer.from(text, 'hex');
}

/** Appears whole or not at all; of several processes that make it at once, the first one's stays. */
async function createKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    await rm(draft);
  }
}
