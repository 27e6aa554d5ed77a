import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit';
import { ingestFiles, type IngestOptions } from '../../src/cli/ingest-files';
import { typing } from './typed';

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-cli-ingest-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);

async function ingest(files: readonly string[], options: IngestOptions = {}, isTTY = false) {
  const written = { out: '', err: '' };
  let code: number = EXIT.ok;
  const output = (to: 'out' | 'err') => ({
    isTTY,
    columns: 80,
    write: (text: string) => (written[to] += text),
  });
  await ingestFiles(files, options, {
    env: {},
    cwd,
    stdout: output('out'),
    stderr: output('err'),
    signal: new AbortController().signal,
    mainScript: '',
    notifyParent: () => undefined,
    typedLines: typing(),
    onHangUp: () => undefined,
    setExitCode: (set) => void (code = set),
  });
  return { code, ...written };
}

const SPAN = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  startTimeUnixNano: '1738144119909093908',
  status: { code: 2, message: 'it failed' },
  attributes: [
    { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
    { key: 'gen_ai.request.model', value: { stringValue: 'model-1' } },
    { key: 'gen_ai.usage.input_tokens', value: { intValue: '5' } },
    { key: 'gen_ai.usage.output_tokens', value: { intValue: '7' } },
  ],
};
const request = (...spans: readonly object[]) =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

it('prints one object that says what a file holds', async () => {
  write('traces.json', request(SPAN, {}));
  const { code, out, err } = await ingest(['traces.json'], { json: true });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toEqual({
    file: 'traces.json',
    format: 'otlp',
    confidence: 1,
    why: ['it has resourceSpans', 'ids are hexadecimal'],
    traces: 1,
    spans: 1,
    error_spans: 1,
    rejected: [{ position: '/resourceSpans/0/scopeSpans/0/spans/1', reason: 'It has no trace id.' }],
    rejected_count: 1,
    gen_ai: { models: ['model-1'], input_tokens: 5, output_tokens: 7, tool_calls: 0 },
  });
});

it('says it in words, and what was rejected', async () => {
  write('traces.json', request(SPAN, {}));
  expect((await ingest(['traces.json'])).out.split('\n')).toEqual([
    'traces.json: otlp (100 %: it has resourceSpans, ids are hexadecimal)',
    '  1 traces, 1 spans, 1 of them errors',
    '  model-1: 5 tokens in, 7 out, 0 tool calls',
    '  rejected /resourceSpans/0/scopeSpans/0/spans/1: It has no trace id.',
    '',
  ]);
});

it('answers 1 with the reason when nothing could be read, and names each of several files', async () => {
  write('logs.json', '{"resourceLogs":[]}');
  const logs = await ingest(['logs.json'], { json: true });
  expect(logs.code).toBe(1);
  expect(JSON.parse(logs.out)).toMatchObject({
    format: null,
    spans: 0,
    reason: 'It holds log records (resourceLogs), not spans.',
  });
  write('traces.json', request(SPAN));
  const both = await ingest(['logs.json', 'traces.json'], { json: true });
  expect(both.code).toBe(0);
  expect(JSON.parse(both.out)).toMatchObject({
    files: [
      { file: 'logs.json', spans: 0 },
      { file: 'traces.json', spans: 1 },
    ],
  });
});

it('reads a file as what it is told to be', async () => {
  write('traces.json', request(SPAN));
  const wrong = await ingest(['traces.json'], { format: 'xray' });
  expect(wrong).toMatchObject({ code: 1, err: '' });
  expect(wrong.out).toContain('No span could be read');
});

it('refuses a file that is not there, and a folder', async () => {
  await expect(ingest(['none.json'])).rejects.toThrow(/^cannot read .*none\.json/);
  await expect(ingest(['.'])).rejects.toThrow(/is not a file$/);
});

it('shows on a terminal how far a large file has been read', async () => {
  write(
    'large.json',
    `${request(SPAN).slice(0, -6)},${JSON.stringify({ ...SPAN, name: 'x'.repeat(6_000_000) })}]}]}`,
  );
  const { out, err } = await ingest(['large.json'], {}, true);
  expect(out).toContain('2 spans');
  expect(err).toMatch(/large\.json \[[#.]+\] \d+ % {2}[\d.]+ MB\/s/);
  expect(err.endsWith('\u001b[2K')).toBe(true);
});
