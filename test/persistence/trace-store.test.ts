import { randomBytes } from 'node:crypto';
import {
  assert,
  asyncProperty,
  bigInt,
  constantFrom,
  dictionary,
  double,
  letrec,
  oneof,
  array,
  boolean,
  string,
  uint8Array,
  constant,
  property,
} from 'fast-check';
import type { Attributes, AttributeValue, Span } from '../../src/domain/trace';
import { closeDatabase, openDatabase, type Database } from '../../src/persistence/client';
import { createTraceStore } from '../../src/persistence/trace-store';
import { attributesFrom, attributesToStored } from '../../src/persistence/trace-values';
import type { TraceStore } from '../../src/ports/trace-store';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const NOW = 1_763_900_000_000_000_000n;

function spanOf(changes: Partial<Span> = {}): Span {
  return {
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: null,
    originalTraceId: null,
    originalSpanId: null,
    name: 'chat',
    kind: 'client',
    startTimeUnixNano: NOW,
    endTimeUnixNano: NOW + 2_000_000n,
    status: 'unset',
    statusMessage: '',
    attributes: {},
    events: [],
    links: [],
    resource: { attributes: { 'service.name': 'shop' } },
    scope: null,
    traceState: null,
    source: { format: 'otlp', position: '/resourceSpans/0' },
    ...changes,
  };
}

const prepared = (span: Span) => ({ span, model: null, service: 'shop' });

/** Text that PostgreSQL takes as it is. */
const text = string({ unit: 'grapheme', maxLength: 12 }).filter((each) => !each.includes('\0'));
const attributeValue = letrec<{ value: AttributeValue }>((tie) => ({
  value: oneof(
    { depthSize: 'small' },
    text,
    boolean(),
    constant(null),
    double(),
    bigInt({ min: -(2n ** 63n), max: 2n ** 64n }).filter((each) => each > 2n ** 53n || each < -(2n ** 53n)),
    uint8Array({ maxLength: 6 }),
    array(tie('value'), { maxLength: 3 }),
    dictionary(oneof(text, constantFrom('$int', '$bytes', '$map', '$double')), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const attributes = dictionary(oneof(text, constantFrom('$int', '$map')), attributeValue, { maxKeys: 4 });

const plain = (all: Attributes): unknown => JSON.parse(JSON.stringify(attributesToStored(all)));

describe('attributes', () => {
  it('come back from JSON as they were, integers beyond 2^53, bytes and infinities too', () => {
    assert(
      property(attributes, (all) => {
        expect(attributesFrom(plain(all))).toEqual(withoutNegativeZero(all));
      }),
    );
  });
});

/** JSON has no minus zero. */
function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNegativeZero(each)]));
}

describe('stored traces', () => {
  let database: TestDatabase;
  let opened: Database;
  let store: TraceStore;
  beforeAll(async () => {
    database = await createTestDatabase();
    opened = openDatabase(database.url, { poolSize: 4 });
    store = createTraceStore(opened);
  });
  afterAll(async () => {
    await closeDatabase(opened);
    await database.drop();
  });

  it('are read as they were written', async () => {
    await assert(
      asyncProperty(attributes, text, async (all, name) => {
        const span = spanOf({
          name,
          originalTraceId: '12345678901234567890',
          originalSpanId: '7',
          status: 'error',
          statusMessage: name,
          attributes: all,
          events: [
            { name, timeUnixNano: NOW + 1n, attributes: all },
            { name: 'x', timeUnixNano: null, attributes: {} },
          ],
          links: [{ traceId: hex(16), spanId: hex(8), attributes: all }],
          scope: { name, version: '1', attributes: { a: 1 } },
          traceState: 'a=b',
        });
        await store.save('shop', [prepared(span)]);
        const read = await store.read(span.traceId);
        expect(read?.spans).toEqual([withoutNegativeZero(span)]);
      }),
      { numRuns: 40 },
    );
  });

  it('hold each span once, and figures of all their spans, whoever sends them in which order', async () => {
    const traceId = hex(16);
    const root = spanOf({ traceId, name: 'request' });
    const child = spanOf({
      traceId,
      parentSpanId: root.spanId,
      status: 'error',
      startTimeUnixNano: NOW + 1_000_000n,
      endTimeUnixNano: NOW + 9_000_000n,
    });
    const send = (...spans: Span[]) =>
      store.save(
        'shop',
        spans.map((span) => ({ ...prepared(span), model: 'm' })),
      );
    expect(await send(child)).toEqual({ stored: 1, duplicates: 0 });
    const answers = await Promise.all([send(root, child), send(child, root), send(root)]);
    expect(answers.reduce((sum, { stored }) => sum + stored, 0)).toBe(1);
    expect(await opened.prisma.trace.findUnique({ where: { traceId } })).toMatchObject({
      name: 'request',
      target: 'shop',
      service: 'shop',
      format: 'otlp',
      durationMs: 9,
      spanCount: 2,
      errorCount: 1,
      models: ['m'],
      startedAt: new Date(Number(NOW / 1_000_000n)),
    });
  });

  it('replace a span in progress by itself at its end, and never the other way round', async () => {
    const ended = spanOf({ status: 'error' });
    const begun = { ...ended, endTimeUnixNano: null, status: 'unset' as const };
    expect(await store.save('shop', [prepared(begun)])).toEqual({ stored: 1, duplicates: 0 });
    expect(await store.save('shop', [prepared(begun), prepared(ended), prepared(begun)])).toMatchObject({
      stored: 1,
    });
    expect(await store.save('shop', [prepared(begun)])).toEqual({ stored: 0, duplicates: 1 });
    expect((await store.read(ended.traceId))?.spans).toEqual([ended]);
    expect(await opened.prisma.trace.findUnique({ where: { traceId: ended.traceId } })).toMatchObject({
      spanCount: 1,
      errorCount: 1,
    });
  });

  it('store text that PostgreSQL would refuse, with the character that stands for what is lost', async () => {
    const span = spanOf({ name: 'a\0b', attributes: { 'k\0': ['\ud800'] } });
    await store.save('shop', [prepared(span)]);
    expect((await store.read(span.traceId))?.spans).toMatchObject([
      { name: 'a\u{FFFD}b', attributes: { 'k\u{FFFD}': ['\u{FFFD}'] } },
    ]);
  });

  it('are assessed once they are quiet, and anew when a span has come since', async () => {
    const span = spanOf();
    await store.save('assessed', [prepared(span)]);
    const mine = async () =>
      (await store.unassessed(-1_000, 1_000)).find(({ trace }) => trace.traceId === span.traceId);
    const { updatedAt = new Date(0) } = (await mine()) ?? {};
    const signal = {
      kind: 'error',
      failureType: 'cascading_failure',
      severity: 'S2',
      traceId: span.traceId,
      spanId: span.spanId,
      trigger: 'x',
      scope: 'spans',
      explanation: 'why',
      evidence: [{ spanId: span.spanId, where: 'status', quote: 'error', explanation: 'it says so' }],
    } as const;
    const assessment = {
      traceId: span.traceId,
      signals: [signal],
      exposures: [{ kind: 'error', scope: 'spans' }],
    } as const;
    await store.saveAssessment(assessment, new Date(updatedAt.getTime() - 1));
    expect(await mine()).toBeDefined();
    await store.saveAssessment(assessment, updatedAt);
    expect(await mine()).toBeUndefined();
    expect(await store.assessments('assessed', new Date(0), 10)).toEqual([assessment]);
    await store.save('assessed', [prepared(span)]);
    expect(await mine()).toBeUndefined();
    await store.save('assessed', [prepared(spanOf({ traceId: span.traceId }))]);
    expect(await mine()).toBeDefined();
  });

  it('that several senders bring at once are counted together', async () => {
    const traceId = 'c'.repeat(32);
    const spans = Array.from({ length: 24 }, () => spanOf({ traceId }));
    await Promise.all(
      Array.from({ length: 8 }, (_, sender) =>
        store.save(
          'shop',
          spans.filter((_span, index) => index % 8 === sender).map((span) => prepared(span)),
        ),
      ),
    );
    expect(await opened.prisma.trace.findUnique({ where: { traceId } })).toMatchObject({ spanCount: 24 });
  });

  it('are deleted whole, with what was found in them, when they are too old', async () => {
    const old = spanOf({ startTimeUnixNano: 1_000_000_000n, endTimeUnixNano: 2_000_000_000n });
    const service = openDatabase(database.serviceUrl, { poolSize: 1 });
    try {
      const asService = createTraceStore(service);
      await asService.save('shop', [prepared(old)]);
      expect(await asService.deleteBefore(new Date(60_000), 10)).toBe(1);
      expect(await asService.read(old.traceId)).toBeUndefined();
      expect(await opened.prisma.span.count({ where: { traceId: old.traceId } })).toBe(0);
      await expect(service.prisma.$executeRaw`DELETE FROM audit_logs`).rejects.toThrow('permission denied');
    } finally {
      await closeDatabase(service);
    }
  });
});
