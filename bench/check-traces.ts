import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { Span } from '../src/domain/trace';
import { readTraces, type TraceReading } from '../src/ingest/read-traces';
import { summariseTraces } from '../src/ingest/summarise-traces';
import type { TraceSummary } from '../src/ports/trace-intake';

/** What EXPECTED.json says of a file. */
const Expected = z.record(z.string(), z.record(z.string(), z.unknown()));
const NOT_TRACES = /(^|\/)(EXPECTED\.json|README\.md|LICENSE[^/]*)$/;
const GEN_AI_KEY = /^(gen_ai|llm)\./;

interface Reading {
  readonly summary: TraceSummary;
  /** In the order of the document. */
  readonly spans: readonly Span[];
}

/** What a fact of EXPECTED.json is in what was read. */
type Fact = (reading: Reading) => unknown;

const sum = (spans: readonly Span[], of: (span: Span) => unknown): number =>
  spans.reduce((total, span) => total + Number(of(span) ?? 0), 0);

const FACTS: Readonly<Record<string, Fact>> = {
  format: ({ summary }) => summary.format,
  traces: ({ summary }) => summary.traces,
  spans: ({ summary }) => summary.spans,
  observations: ({ summary }) => summary.spans,
  errorSpans: ({ summary }) => summary.error_spans,
  models: ({ summary }) => summary.gen_ai.models,
  inputTokens: ({ summary }) => summary.gen_ai.input_tokens,
  outputTokens: ({ summary }) => summary.gen_ai.output_tokens,
  totalTokens: ({ summary }) => summary.gen_ai.input_tokens + summary.gen_ai.output_tokens,
  toolCalls: ({ summary }) => summary.gen_ai.tool_calls,
  idEncoding: ({ summary }) => (summary.why.includes('ids are hexadecimal') ? 'hex' : 'base64'),
  enumStrings: ({ summary }) => summary.why.includes('enums are names'),
  genaiKeys: ({ spans }) =>
    [...new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))]
      .filter((key) => GEN_AI_KEY.test(key))
      .toSorted(),
  flatList: ({ spans }) => spans.every(({ source }) => /^\/\d+$/.test(source.position)),
  firstTraceId: ({ spans }) => spans[0]?.originalTraceId,
  errorMessages: ({ spans }) =>
    spans
      .filter(({ status, statusMessage }) => status === 'error' && statusMessage !== '')
      .map(({ statusMessage }) => statusMessage),
  errorTypes: ({ spans }) =>
    spans
      .filter(({ status }) => status === 'error')
      .flatMap(({ events }) => events.map(({ attributes }) => attributes['exception.type']))
      .filter((type) => type !== undefined),
  segments: ({ spans }) => spans.filter(({ source }) => !source.position.includes('/subsegments/')).length,
  faults: ({ spans }) => spans.filter(({ attributes }) => attributes['aws.xray.fault'] === true).length,
  hasTraceId: ({ spans }) => spans.every(({ originalTraceId }) => originalTraceId !== null),
  inProgress: ({ spans }) => spans.some(({ endTimeUnixNano }) => endTimeUnixNano === null),
  hasStart: ({ spans }) => spans.length > 0,
  types: ({ spans }) => countsOf(spans.map(({ attributes }) => attributes['langfuse.observation.type'])),
  totalCostUsd: ({ spans }) => sum(spans, ({ attributes }) => attributes['langfuse.observation.total_cost']),
};

/** Prints how every file of a folder differs from its EXPECTED.json; the exit code is 1 when one does. */
async function main(): Promise<void> {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    process.stderr.write('Usage: npm run check:traces -- FOLDER, with an EXPECTED.json in it\n');
    process.exitCode = 2;
    return;
  }
  const expected = Expected.parse(JSON.parse(readFileSync(join(folder, 'EXPECTED.json'), 'utf8')));
  const found = filesIn(folder).filter((file) => !NOT_TRACES.test(file));
  const missing = Object.keys(expected).filter((file) => !found.includes(file));
  for (const file of missing) process.stdout.write(`${file}: is not there\n`);
  let differing = missing.length;
  for (const file of found) {
    const differences = await check(join(folder, file), expected[file] ?? {});
    process.stdout.write(`${file}: ${differences.length === 0 ? 'as expected' : differences.join('; ')}\n`);
    if (differences.length > 0) differing++;
  }
  process.stdout.write(`${found.length} files, ${differing} differ\n`);
  if (differing > 0) process.exitCode = 1;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

async function check(path: string, expected: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const reading = await read(path);
  const { spans, reason } = reading.summary;
  if (spans === 0 && reason === undefined) return ['no spans, and no reason'];
  const { expect, ...facts } = expected;
  if (typeof expect === 'string' && expect.startsWith('reject')) {
    return spans === 0 ? [] : [`${spans} spans, where it is to be refused (${expect})`];
  }
  const named =
    expect === undefined || spans > 0
      ? []
      : [`no spans, where there is ${JSON.stringify(expect)}: ${reason}`];
  return [...named, ...Object.entries(facts).flatMap(([name, value]) => differenceOf(name, value, reading))];
}

async function read(path: string): Promise<Reading> {
  const spans: Span[] = [];
  const stream = createReadStream(path);
  const reading = readTraces(stream);
  const kept: TraceReading = {
    get detection() {
      return reading.detection;
    },
    get reason() {
      return reading.reason;
    },
    async *[Symbol.asyncIterator]() {
      for await (const batch of reading) {
        spans.push(...batch.spans);
        yield batch;
      }
    },
  };
  const summary = await summariseTraces(kept);
  stream.destroy();
  return { summary, spans };
}

function differenceOf(name: string, value: unknown, reading: Reading): readonly string[] {
  const fact = FACTS[name];
  if (fact === undefined) return [`${name} cannot be checked`];
  const found = fact(reading);
  const wanted = name === 'format' ? formatOf(value) : value;
  return isSame(found, wanted)
    ? []
    : [`${name} is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`];
}

/** Their names for parts of a format. */
function formatOf(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/-.*$/, '') : value;
}

/** Lists in any order; sums of doubles as far as they are exact. */
function isSame(found: unknown, wanted: unknown): boolean {
  if (typeof found === 'number' && typeof wanted === 'number') return Math.abs(found - wanted) <= 1e-9;
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(wanted));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(String).toSorted();
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function countsOf(names: readonly unknown[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) if (typeof name === 'string') counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

void main();
