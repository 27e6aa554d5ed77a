import { gzipSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { array, assert, asyncProperty, integer, uint8Array } from 'fast-check';
import type { Span } from '../../src/domain/trace';
import { readTraces } from '../../src/ingest/read-traces';
import { summariseTraces } from '../../src/ingest/summarise-traces';
import { ZstdFrames } from '../../src/ingest/zstd-frames';

const SPANS = 3_000;
const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };

/** Larger than what is looked at to tell the format, and than many slices. */
function largeRequest(): string {
  const spans = Array.from({ length: SPANS }, (_, index) => ({
    traceId: 'a'.repeat(32),
    spanId: (index + 1).toString(16).padStart(16, '0'),
    name: `span ${index}`,
    startTimeUnixNano: String(1_738_144_119_909_093_908n + BigInt(index)),
    attributes: [{ key: 'text', value: { stringValue: 'é[{"\\'.repeat(20) } }],
  }));
  const half = SPANS / 2;
  return JSON.stringify({
    resourceSpans: [
      { resource: RESOURCE, scopeSpans: [{ scope: { name: 'one' }, spans: spans.slice(0, half) }] },
      {
        resource: RESOURCE,
        scopeSpans: [{ spans: [] }, { scope: { name: 'two' }, spans: spans.slice(half) }],
      },
    ],
  });
}

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(bytes: Uint8Array, size = 10_000) {
  const reading = readTraces(chunked(bytes, size));
  const spans: Span[] = [];
  const rejected: unknown[] = [];
  for await (const batch of reading) {
    spans.push(...batch.spans);
    rejected.push(...batch.rejected);
  }
  return { spans, rejected, reason: reading.reason, detection: reading.detection };
}

/** As the zstd command compresses, with raw and run-length blocks where it cannot: frames written by hand. */
function storedZstd(bytes: Uint8Array): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 100_000) {
    const block = bytes.subarray(at, at + 100_000);
    const isLast = at + 100_000 >= bytes.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | Number(isLast), 0, 3);
    blocks.push(header, Buffer.from(block));
  }
  return Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...blocks]);
}

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a document larger than a slice', () => {
  const text = Buffer.from(largeRequest());

  it('is read in batches, each span with its surroundings and its place', async () => {
    const { spans, rejected, reason } = await read(text);
    expect([rejected, reason]).toEqual([[], null]);
    expect(spans.map(({ name }) => name)).toEqual(
      Array.from({ length: SPANS }, (_, index) => `span ${index}`),
    );
    expect(new Set(spans.map(({ resource }) => resource.attributes['service.name']))).toEqual(
      new Set(['shop']),
    );
    for (const [index, { scope, source }] of spans.entries()) {
      const half =
        index < SPANS / 2
          ? `/resourceSpans/0/scopeSpans/0/spans/${index}`
          : `/resourceSpans/1/scopeSpans/1/spans/${index - SPANS / 2}`;
      expect([scope?.name, source.position]).toEqual([index < SPANS / 2 ? 'one' : 'two', half]);
    }
  });

  it('is the same whatever it is compressed with, and however it comes', async () => {
    const { spans } = await read(text);
    const compressed: Uint8Array[] = [
      gzipSync(text),
      Buffer.concat([gzipSync(text.subarray(0, 1_000)), gzipSync(text.subarray(1_000))]),
      storedZstd(text),
    ];
    if (hasZstd()) compressed.push(execFileSync('zstd', ['-c', '-q'], { input: text, maxBuffer: 1e8 }));
    for (const bytes of compressed) {
      expect((await read(bytes, 97)).spans).toHaveLength(SPANS);
      expect((await read(bytes, 777)).spans).toEqual(spans);
    }
  });

  it('keeps what came before a compressed stream broke off, and says that it did', async () => {
    for (const bytes of [gzipSync(text), storedZstd(text)]) {
      const { spans, rejected, reason } = await read(bytes.subarray(0, Math.floor(bytes.length / 2)));
      expect(spans.length).toBeGreaterThan(100);
      expect(spans.length).toBeLessThan(SPANS);
      expect([rejected.length, reason]).toEqual([2, null]);
    }
  });
});

it('never throws for bytes that only begin like compressed ones', async () => {
  await assert(
    asyncProperty(uint8Array({ maxLength: 100 }), integer({ min: 1, max: 50 }), async (noise, size) => {
      for (const magic of ['1f8b0800', '28b52ffd', '502a4d18']) {
        const { spans, reason } = await read(Buffer.concat([Buffer.from(magic, 'hex'), noise]), size);
        expect([spans, typeof reason]).toEqual([[], 'string']);
      }
    }),
  );
});

it('refuses a frame of zstd that would fill the memory', () => {
  const frames = new ZstdFrames();
  expect(() => frames.accept(Buffer.from('28b52ffd00b0', 'hex'))).toThrow('It needs a window of 4096 MiB.');
});

it('follows frames of zstd, those to be skipped too, in pieces of any size', async () => {
  await assert(
    asyncProperty(
      array(uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1 }),
      integer({ min: 1, max: 9 }),
      async (contents, size) => {
        const frames = new ZstdFrames();
        const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex');
        const whole = Buffer.concat(contents.flatMap((content) => [storedZstd(content), skippable]));
        for await (const piece of chunked(whole, size)) frames.accept(piece);
        expect(frames.isWhole).toBe(true);
        frames.accept(whole.subarray(0, 7));
        expect(frames.isWhole).toBe(false);
      },
    ),
  );
});

it('passes on what is wrong with the source itself', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('{"resourceSpans":['));
    throw new Error('the disk is gone');
  }
  const reading = readTraces(broken());
  await expect(summariseTraces(reading)).rejects.toThrow('the disk is gone');
});

it('counts what a stream holds', async () => {
  const span = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    startTimeUnixNano: '5',
    status: { code: 2 },
  };
  const request = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span, {}] }] }] }));
  expect(await summariseTraces(readTraces(chunked(request, 10)))).toMatchObject({
    format: 'otlp',
    confidence: 1,
    traces: 1,
    spans: 1,
    error_spans: 1,
    rejected: [{ position: '/resourceSpans/0/scopeSpans/0/spans/1', reason: 'It has no trace id.' }],
    rejected_count: 1,
    gen_ai: { models: [], input_tokens: 0, output_tokens: 0, tool_calls: 0 },
  });
  expect(await summariseTraces(readTraces(chunked(Buffer.from('[]'), 1)))).toMatchObject({
    format: null,
    spans: 0,
    reason: 'No trace format fits an empty array.',
  });
});
