import { createCipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { assert, asyncProperty, string } from 'fast-check';
import { z } from 'zod';
import { serveCodec } from '../../src/temporal/codec-server';
import { EncryptionCodec, readCodecKeys } from '../../src/temporal/payload-codec';

const key = () => randomBytes(32);
const payloadOf = (value: unknown): Payload => {
  const payload = defaultPayloadConverter.toPayload(value);
  if (payload === undefined) throw new Error('no payload');
  return payload;
};
const valueOf = (payload: Payload | undefined): unknown =>
  payload === undefined ? undefined : defaultPayloadConverter.fromPayload(payload);

describe('the codec', () => {
  const old = key();
  const codec = new EncryptionCodec(new Map([['one', old]]));

  it('gives back what it was given, and shows nothing of it meanwhile', async () => {
    await assert(
      asyncProperty(string({ minLength: 8 }), async (value) => {
        const [sealed] = await codec.encode([payloadOf(value)]);
        expect(Buffer.from(sealed?.data ?? []).includes(Buffer.from(JSON.stringify(value)))).toBe(false);
        const [open] = await codec.decode(sealed === undefined ? [] : [sealed]);
        expect(valueOf(open)).toBe(value);
      }),
      { numRuns: 50 },
    );
  });

  it('never encrypts twice alike, and passes on what is not encrypted', async () => {
    const [a] = await codec.encode([payloadOf('same')]);
    const [b] = await codec.encode([payloadOf('same')]);
    expect(a?.data).not.toEqual(b?.data);
    expect((await codec.decode([payloadOf('plain')])).map(valueOf)).toEqual(['plain']);
  });

  it('refuses what was changed, byte by byte', async () => {
    const [sealed] = await codec.encode([payloadOf('precious')]);
    const bytes = Buffer.from(sealed?.data ?? []);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(codec.decode([{ ...sealed, data: changed }])).rejects.toThrow(/changed/);
    }
  });

  it('refuses what was cut off, however much is left', async () => {
    const [sealed] = await codec.encode([payloadOf('precious')]);
    const bytes = Buffer.from(sealed?.data ?? []);
    for (let length = 0; length < bytes.length; length++) {
      const data = bytes.subarray(0, length);
      await expect(codec.decode([{ ...sealed, data }])).rejects.toThrow(/changed/);
    }
  });

  it('refuses a tag of four bytes, though it is a right one', async () => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', old, iv, { authTagLength: 4 }).setAAD(Buffer.from('one'));
    cipher.final();
    const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('one') };
    const data = Buffer.concat([iv, cipher.getAuthTag()]);
    await expect(codec.decode([{ metadata, data }])).rejects.toThrow(/changed/);
  });

  it('reads what an older key encrypted, and nothing of a key it does not have', async () => {
    const [sealed] = await codec.encode([payloadOf('old')]);
    const rotated = new EncryptionCodec(
      new Map([
        ['two', key()],
        ['one', old],
      ]),
    );
    expect((await rotated.decode(sealed === undefined ? [] : [sealed])).map(valueOf)).toEqual(['old']);
    const [fresh] = await rotated.encode([payloadOf('new')]);
    await expect(codec.decode(fresh === undefined ? [] : [fresh])).rejects.toThrow(/the key two/);
  });
});

describe('the key file', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tinman-codec-'))));
  afterAll(() => rm(folder, { recursive: true }));
  const read = async (content: string) => {
    const path = join(folder, 'keys');
    await writeFile(path, content);
    return readCodecKeys(path);
  };

  it('has the encrypting key first', async () => {
    const [a, b] = [key(), key()];
    const keys = await read(`# ours\n\nnew:${a.toString('base64')}\nold:${b.toString('base64')}\n`);
    expect([...keys]).toEqual([
      ['new', a],
      ['old', b],
    ]);
  });

  it.each(['new:short', 'secret-without-name', `a b:${key().toString('base64')}`])(
    'is refused without being shown (%#)',
    async (content) => {
      const failure: unknown = await read(content).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'invalid_configuration' });
      expect(String(failure)).toContain('keys:1: expected name:base64');
      expect(String(failure)).not.toContain(content);
    },
  );

  it('is refused with two keys of one name, without any, and when it is missing', async () => {
    const line = `a:${key().toString('base64')}`;
    await expect(read(`${line}\n${line}`)).rejects.toThrow(/keys:2: a second key/);
    await expect(read('# none yet\n')).rejects.toThrow(/holds no key/);
    expect(() => readCodecKeys(join(folder, 'missing'))).toThrow(/cannot be read/);
  });
});

it('the codec server answers programs and its own Web UI, and no other page', async () => {
  const codec = new EncryptionCodec(new Map([['one', key()]]));
  const origin = 'http://localhost:8233';
  const server = await serveCodec(codec, { port: 0, origin });
  try {
    const post = (verb: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${server.url}/${verb}`, { method: 'POST', body: JSON.stringify(body), headers });
    const [sealed] = await codec.encode([payloadOf('a secret')]);
    const json = {
      metadata: Object.fromEntries(
        Object.entries(sealed?.metadata ?? {}).map(([name, value]) => [
          name,
          Buffer.from(value).toString('base64'),
        ]),
      ),
      data: Buffer.from(sealed?.data ?? []).toString('base64'),
    };
    const decoded = await post('decode', { payloads: [json] }, { origin });
    expect(decoded.headers.get('access-control-allow-origin')).toBe(origin);
    const { payloads } = z
      .object({ payloads: z.array(z.looseObject({ data: z.string() })) })
      .parse(await decoded.json());
    expect(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).toBe('"a secret"');
    expect((await post('encode', { payloads })).status).toBe(200);
    expect((await post('decode', { payloads: [json] }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('decode', { payloads: 'x' })).status).toBe(400);
    const asked = await fetch(`${server.url}/decode`, { method: 'OPTIONS', headers: { origin } });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-headers')).toBe('content-type,x-namespace,authorization');
    const rebound = request(`${server.url}/decode`, { method: 'POST', headers: { host: 'evil.example' } });
    const [refused] = z
      .tuple([z.instanceof(IncomingMessage)])
      .parse(await once(rebound.end('{}'), 'response'));
    expect(refused.resume().statusCode).toBe(403);
    expect((await fetch(server.url)).status).toBe(404);
  } finally {
    await server.close();
  }
});
