import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { startChild } from '../../src/embedded/supervisor-child';
import { TEMPORAL_CLI } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, TINMAN, type Stack } from '../support/stack';
import { runProgram } from '../support/stack-program';
import { ResearchClient, SMALL, until } from './research-client';

jest.setTimeout(90_000);

const SECRET = 'the merger that nobody may read of';
const lineOf = (name: string) => `${name}:${randomBytes(32).toString('base64')}\n`;
const [FIRST, SECOND] = [lineOf('first'), lineOf('second')];

let folder: string;
let keys: string;
let model: OpenAiServer;
let stack: Stack;
let client: ResearchClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tinman-keys-'));
  keys = join(folder, 'keys');
  await writeFile(keys, FIRST);
  model = await startOpenAiServer([{ content: 'I do not know.' }]);
  const live = { kind: 'openai', base_url: model.url, model: 'any' };
  const price = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
  stack = await startStack({
    mode: 'shadow',
    settings: { targets: { live: { ...live, price } } },
    env: { TINMAN_TEMPORAL_KEY_FILE: keys },
  });
  client = await ResearchClient.at(stack.url);
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await model.close();
  await rm(folder, { recursive: true });
});

/** A cycle about the secret that waits for a person, as Temporal has it. */
async function waiting() {
  const cycleId = await client.start({ ...SMALL, focus: SECRET, target: 'live' });
  const { workflow_id: workflowId } = await client.cycle(cycleId);
  const [approval] = await client.pending(workflowId, 1);
  const handle = (await stack.client()).workflow.getHandle(workflowId);
  return { cycleId, approvalId: approval?.id ?? '', workflowId, handle };
}

/** The history as the server keeps it, byte by byte. */
async function stored(handle: WorkflowHandle) {
  const history = await handle.fetchHistory();
  const text = Buffer.from(temporal.api.history.v1.History.encode(history).finish()).toString('latin1');
  return { text, events: history.events ?? [] };
}

it('keeps what a cycle is about from whoever runs Temporal, and shows it by the codec server', async () => {
  const { workflowId, handle } = await waiting();
  const { text, events } = await stored(handle);
  expect(text).toContain('binary/encrypted');
  for (const word of [SECRET, 'merger', 'run \\"']) expect(text).not.toContain(word);
  expect(Object.keys((await handle.describe()).typedSearchAttributes.getAll())).not.toContain('TinmanFocus');
  const started = events[0];
  expect(Buffer.from(started?.userMetadata?.summary?.metadata?.['encoding'] ?? []).toString()).toBe(
    'binary/encrypted',
  );

  const lines: string[] = [];
  const server = await startChild(process.execPath, [TINMAN, 'codec-server', '--port', '0'], {
    env: { ...process.env, TINMAN_TEMPORAL_KEY_FILE: keys },
    cwd: stack.home,
    graceMs: 10_000,
    log: (line) => void lines.push(line),
  });
  try {
    const url = await until(
      () => Promise.resolve(/https?:\S+/.exec(lines.join('\n'))?.[0]),
      (found) => found !== undefined,
    );
    const { path } = await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env });
    const show = async (...more: string[]) => {
      const args = ['workflow', 'show', '--address', stack.temporal.address, '-w', workflowId, '-o', 'json'];
      const { stdout } = await promisify(execFile)(path, [...args, ...more], { maxBuffer: 16_777_216 });
      return Array.from(stdout.matchAll(/"data": "([^"]+)"/g), ([, data]) =>
        Buffer.from(data ?? '', 'base64'),
      )
        .map(String)
        .join('\n');
    };
    expect(await show('--codec-endpoint', url ?? '')).toContain(SECRET);
    expect(await show()).not.toContain(SECRET);
  } finally {
    await server.stop();
  }
});

it('waits for the key that is missing, and goes on with new keys beside the old', async () => {
  const { cycleId, approvalId, handle } = await waiting();
  const [worker] = stack.workers;
  await writeFile(keys, SECOND);
  await worker?.restart();
  expect((await client.api.post(`/research/cycles/${cycleId}/pause`, {})).status).toBe(202);
  const failed = await until(
    async () => {
      const { events } = await stored(handle);
      return events.find(({ workflowTaskFailedEventAttributes: failure }) => failure)
        ?.workflowTaskFailedEventAttributes?.failure?.message;
    },
    (message) => message !== undefined,
  );
  expect(failed).toContain('a payload is encrypted with the key first, which is not here');
  expect(await client.cycle(cycleId)).toMatchObject({ state: 'running', error: null });

  await writeFile(keys, SECOND + FIRST);
  await worker?.restart();
  await stack.apis[0]?.process.restart();
  expect((await client.api.post(`/research/cycles/${cycleId}/resume`, {})).status).toBe(202);
  expect((await client.decide(approvalId, 'approved')).status).toBe(200);
  expect(await client.ended(cycleId)).toMatchObject({ state: 'completed', error: null });
  const { text, events } = await stored(handle);
  const keysOf = (event: temporal.api.history.v1.IHistoryEvent | undefined) => {
    const bytes = Buffer.from(temporal.api.history.v1.HistoryEvent.encode(event ?? {}).finish());
    return ['first', 'second'].filter((name) => bytes.includes(name));
  };
  expect([keysOf(events[0]), keysOf(events.at(-1))]).toEqual([['first'], ['second']]);
  expect(text).not.toContain(SECRET);
});

it('a codec server without keys says what is missing', async () => {
  const { PATH } = process.env;
  const end = await runProgram(process.execPath, [TINMAN, 'codec-server'], { env: { PATH }, cwd: folder });
  expect(end.code).toBe(2);
  expect(end.stderr).toContain('TINMAN_TEMPORAL_KEY_FILE is not set');
});

it('keeps what a schedule is about from whoever runs Temporal', async () => {
  const made = { id: 'secret', cron: '@yearly', cycle: { ...SMALL, focus: SECRET, target: 'live' } };
  expect((await client.api.post('/schedules', made)).status).toBe(201);
  await client.api.post('/schedules/secret/pause', { reason: SECRET });
  const shown = { cycle: { focus: SECRET }, paused: true, note: 'paused' };
  expect(await client.get('/schedules/secret')).toMatchObject(shown);
  expect(await client.get('/schedules')).toMatchObject({ items: [shown] });
  const { connection, options } = await stack.client();
  const request = { namespace: options.namespace, scheduleId: 'tinman-secret' };
  const description = await connection.workflowService.describeSchedule(request);
  const { DescribeScheduleResponse } = temporal.api.workflowservice.v1;
  const text = Buffer.from(DescribeScheduleResponse.encode(description).finish()).toString('latin1');
  expect(text).toContain('binary/encrypted');
  for (const word of [SECRET, 'merger']) expect(text).not.toContain(word);
});
