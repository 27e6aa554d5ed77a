import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { DomainError } from '../domain/errors';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/** `name:base64`, 32 bytes. */
const KEY_LINE = /^([\w.-]{1,64}):([A-Za-z0-9+/]{43}=)$/;

const PayloadMessage = temporal.api.common.v1.Payload;

/** The keys of payloads by their names; the first one encrypts, all decrypt. */
export type CodecKeys = ReadonlyMap<string, Buffer>;

/**
 * Keys from their file: a line each, `name:` and 32 bytes in base64; empty lines and lines after `#` are passed over.
 * @throws {DomainError} `invalid_configuration` naming the line, never what stands in it.
 */
export function readCodecKeys(path: string): CodecKeys {
  const keys = new Map<string, Buffer>();
  for (const [index, line] of linesOf(path).entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', secret = ''] = KEY_LINE.exec(line) ?? [];
    if (secret === '') throw unusable(`${path}:${index + 1}: expected name:base64 of 32 bytes`);
    if (keys.has(name)) throw unusable(`${path}:${index + 1}: a second key of the name ${name}`);
    keys.set(name, Buffer.from(secret, 'base64'));
  }
  if (keys.size === 0) throw unusable(`${path} holds no key`);
  return keys;
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim());
  } catch (error) {
    throw unusable(`the keys of Temporal's payloads cannot be read: ${String(error)}`);
  }
}

function unusable(message: string): DomainError {
  return new DomainError('invalid_configuration', message);
}

/**
 * Encrypts what Temporal keeps of inputs and results: AES-256-GCM, a fresh nonce each, the key's name authenticated.
 * Payloads that are not encrypted are passed on as they are, so that encryption can be switched on with workflows open.
 */
export class EncryptionCodec implements PayloadCodec {
  constructor(private readonly keys: CodecKeys) {}

  encode(payloads: Payload[]): Promise<Payload[]> {
    const [first] = this.keys;
    if (first === undefined) throw unusable('there is no key to encrypt with');
    const [name, key] = first;
    return Promise.resolve(payloads.map((payload) => encrypt(payload, name, key)));
  }

  /** @throws when a payload was changed, or its key is not here. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    await Promise.resolve();
    return payloads.map((payload) => {
      if (text(payload.metadata?.['encoding']) !== ENCODING) return payload;
      const name = text(payload.metadata?.[KEY_ID]);
      const key = this.keys.get(name);
      if (key === undefined)
        throw new Error(`a payload is encrypted with the key ${name}, which is not here`);
      return decrypt(payload, name, key);
    });
  }
}

function encrypt(payload: Payload, name: string, key: Buffer): Payload {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(name) },
    data: Buffer.concat([iv, cipher.getAuthTag(), sealed]),
  };
}

function decrypt({ data }: Payload, name: string, key: Buffer): Payload {
  const bytes = Buffer.from(data ?? new Uint8Array());
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  try {
    // Without the length a tag of four bytes would do, which can be guessed.
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(name))
      .setAuthTag(tag);
    const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return PayloadMessage.decode(plain);
  } catch (error) {
    throw new Error(`a payload does not fit the key ${name}: it was changed, or the key was`, {
      cause: error,
    });
  }
}

function text(bytes: Uint8Array | null | undefined): string {
  return bytes === undefined || bytes === null ? '' : Buffer.from(bytes).toString();
}
