import { createCipheriv, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import { serveCodec } from '../../src/temporal/codec-server';
import { EncryptionCodec, readCodecKeys } from '../../src/temporal/payload-codec';
import { researchCycle } from '../../workflows';
import { startDevServer } from '../support/temporal';
import { standIns } from '../workflows/stand-in-activities';

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
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 8 }), async (value) => {
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

  it.each(['', 'new:short', 'secret-without-name', `a b:${key().toString('base64')}`])(
    'is refused without being shown (%#)',
    async (content) => {
      const failure = read(content);
      await expect(failure).rejects.toMatchObject({ code: 'invalid_configuration' });
      if (content !== '') await expect(failure).rejects.not.toThrow(content);
    },
  );

  it('is refused with two keys of one name, and when it is missing', async () => {
    const line = `a:${key().toString('base64')}`;
    await expect(read(`${line}\n${line}`)).rejects.toThrow(/keys:2: a second key/);
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
    const { payloads } = (await decoded.json()) as { payloads: { data: string }[] };
    expect(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).toBe('"a secret"');
    expect((await post('encode', { payloads })).status).toBe(200);
    expect((await post('decode', { payloads: [json] }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('decode', { payloads: 'x' })).status).toBe(400);
    expect((await fetch(server.url)).status).toBe(404);
  } finally {
    await server.close();
  }
});

it('a cycle runs encrypted, and its history shows nothing of what it is about', async () => {
  const temporal = await startDevServer();
  try {
    const dataConverter = { payloadCodecs: [new EncryptionCodec(new Map([['one', key()]]))] };
    const { env, taskQueue } = temporal;
    const client = new Client({ connection: env.connection, dataConverter });
    const focus = 'a focus that nobody else may read';
    const request = {
      focus,
      target: 'demo',
      maxHypotheses: 1,
      maxExperiments: 1,
      runsPerExperiment: 1,
      replayPairs: 5,
      budgetMicroUsd: null,
    };
    const input = { cycleId: randomUUID(), request, requestedBy: 'test', requestHash: 'hash' };
    await temporal.withActivities(
      standIns().activities,
      async () => {
        const workflowId = `cycle-${input.cycleId}`;
        const handle = await client.workflow.start(researchCycle, { workflowId, taskQueue, args: [input] });
        expect(await handle.result()).toMatchObject({ state: 'completed', cycleId: input.cycleId });
        const history = JSON.stringify(await handle.fetchHistory());
        const data = [...history.matchAll(/"data":"([^"]+)"/g)].map(([, text = '']) =>
          Buffer.from(text, 'base64').toString(),
        );
        expect(data.length).toBeGreaterThan(0);
        expect(data.join('\n')).not.toContain(focus);
        expect(data.join('\n')).not.toContain('"completed"');
      },
      { dataConverter },
    );
  } finally {
    await temporal.stop();
  }
}, 60_000);
