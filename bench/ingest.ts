import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { readTraces } from '../src/ingest/read-traces';
import { DOCUMENTS, type DocumentOf } from './ingest-documents';
import { storedPerSecond } from './ingest-store';
import { print } from './report';

const SIZES = [10_000, 100_000];
/** So many are stored as well. */
const STORED_SPANS = 100_000;
const STREAMED = { format: 'otlp', spans: 1_000_000 };
const PIECE_BYTES = 256 * 1_024;
const BYTES_PER_MB = 1_000_000;
const BYTES_PER_KIB = 1_024;
const MICROSECONDS = 1_000_000;

/** Read by a child before what is measured, so that V8 has compiled what it will. */
const WARM_UP_SPANS = 50_000;

const Figures = z.object({ spans: z.int(), rejected: z.int(), cpuMicros: z.number(), peakRssMb: z.number() });

/** In the child: reads what comes on standard input, from the first byte on, and tells the parent what it took. */
async function measure(warmUp: string | undefined): Promise<void> {
  const documentOf = DOCUMENTS[warmUp ?? ''];
  if (documentOf !== undefined) await drain(Readable.from(pieces(documentOf(WARM_UP_SPANS))));
  const before = process.cpuUsage();
  const counts = await drain(process.stdin);
  const { user, system } = process.cpuUsage(before);
  const peakRssMb = (peakRssKib() * BYTES_PER_KIB) / BYTES_PER_MB;
  process.send?.({ ...counts, cpuMicros: user + system, peakRssMb });
}

/** Of this program alone: what `getrusage` says on Linux begins with the memory of the process that started it. */
function peakRssKib(): number {
  const status = '/proc/self/status';
  const peak = existsSync(status)
    ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1]
    : undefined;
  return peak === undefined ? process.resourceUsage().maxRSS : Number(peak);
}

async function drain(source: AsyncIterable<Uint8Array>) {
  const counts = { spans: 0, rejected: 0 };
  for await (const batch of readTraces(source)) {
    counts.spans += batch.spans.length;
    counts.rejected += batch.rejected.length;
  }
  return counts;
}

/** What a child took to read a document: load, validation and parsing in a process of their own. */
async function figuresOf(format: string, documentOf: DocumentOf, spans: number, isWarm: boolean) {
  const args = ['--child', ...(isWarm ? [format] : [])];
  const child = fork(__filename, args, { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });
  if (child.stdin === null) throw new Error('the child has no standard input');
  const told = once(child, 'message');
  await pipeline(Readable.from(pieces(documentOf(spans))), child.stdin);
  const messages: readonly unknown[] = await told;
  const figures = Figures.parse(messages[0]);
  if (figures.spans !== spans || figures.rejected > 0) {
    throw new Error(`${format}: ${figures.spans} of ${spans} spans were read, ${figures.rejected} rejected`);
  }
  return {
    perCpuSecond: Math.round((spans * MICROSECONDS) / figures.cpuMicros),
    peakRssMb: figures.peakRssMb,
  };
}

/** Prints a case: as a service reads that has read before, and as the first that a process does. */
async function run(format: string, documentOf: DocumentOf, spans: number): Promise<void> {
  const first = await figuresOf(format, documentOf, spans, false);
  const warm = await figuresOf(format, documentOf, spans, true);
  print({
    case: `${format} ${spans}`,
    format,
    spans,
    spans_per_cpu_second: warm.perCpuSecond,
    first_spans_per_cpu_second: first.perCpuSecond,
    peak_rss_mb: Math.round(first.peakRssMb),
    ...(spans === STORED_SPANS
      ? {
          stored_spans_per_second: await storedPerSecond(
            [...pieces(documentOf(WARM_UP_SPANS))],
            [...pieces(documentOf(spans))],
            spans,
          ),
        }
      : {}),
  });
}

/** Fewer and larger writes: a pipe is not what is measured. */
function* pieces(parts: Iterable<string | Uint8Array>): Generator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for (const part of parts) {
    const piece = Buffer.from(part);
    held.push(piece);
    bytes += piece.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held);
}

async function main(): Promise<void> {
  for (const [format, documentOf] of Object.entries(DOCUMENTS)) {
    for (const spans of SIZES) await run(format, documentOf, spans);
    if (format === STREAMED.format) await run(format, documentOf, STREAMED.spans);
  }
}

const [role, warmUp] = process.argv.slice(2);
void (role === '--child' ? measure(warmUp) : main());
