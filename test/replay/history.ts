import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { TEMPORAL_CLI } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';

const execute = promisify(execFile);
const HISTORIES = join(__dirname, 'histories');
const ROOT = join(__dirname, '..', '..');

const historySchema = z.object({ events: z.array(z.looseObject({ eventType: z.string() })).min(1) });
export type History = z.infer<typeof historySchema>;

/** The recorded histories by name. */
export function recordedHistories(): ReadonlyMap<string, History> {
  const files = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [
      file.replace('.json', ''),
      readHistory(readFileSync(join(HISTORIES, file), 'utf8')),
    ]),
  );
}

export function readHistory(text: string): History {
  return historySchema.parse(JSON.parse(text));
}

/** How often each type of event is in a history. */
export function eventCounts({ events }: History): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { eventType } of events) {
    const name = eventType.replace('EVENT_TYPE_', '');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Takes the history of a run from the server, and keeps it without anything of this machine: one event a line. */
export async function recordHistory(
  name: string,
  run: { readonly address: string; readonly workflowId: string; readonly runId?: string },
): Promise<void> {
  const { path } = await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env });
  const ofRun = run.runId === undefined ? [] : ['--run-id', run.runId];
  const asked = ['workflow', 'show', '--address', run.address, '--workflow-id', run.workflowId, ...ofRun];
  const { stdout } = await execute(path, [...asked, '--output', 'json'], { maxBuffer: 64 * 1_024 * 1_024 });
  const history = historySchema.parse(withoutMachine(JSON.parse(stdout)));
  const left = tracesOfMachine(history);
  if (left.length > 0) throw new Error(`${name} still tells of this machine: ${left.join(', ')}`);
  const { events } = history;
  const text = `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
  await writeFile(join(HISTORIES, `${name}.json`), text);
}

/** Copies a value from which this machine, its processes and its folders are taken out, in payloads too. */
function withoutMachine(value: unknown): unknown {
  if (typeof value === 'string') return withoutMachineText(value);
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === 'stackTrace') return [name, ''];
      if (name === 'data' && typeof inner === 'string') return [name, withoutMachinePayload(inner)];
      return [name, withoutMachine(inner)];
    }),
  );
}

function withoutMachinePayload(base64: string): string {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  return Buffer.from(JSON.stringify(withoutMachine(JSON.parse(text)))).toString('base64');
}

function withoutMachineText(text: string): string {
  return text.replaceAll(/\b\d+@[\w.-]+/g, 'worker').replaceAll(hostname(), 'host');
}

/** What is left of this machine in a history that was recorded on it, in payloads too. */
export function tracesOfMachine(history: History): readonly string[] {
  const payloads = JSON.stringify(history).matchAll(/"data":"([^"]+)"/g);
  const texts = [...payloads].map(([, data = '']) => Buffer.from(data, 'base64').toString('utf8'));
  const all = [JSON.stringify(history), ...texts].join('\n');
  return [ROOT, homedir(), tmpdir(), hostname(), '/node_modules/', 'file://'].filter((trace) =>
    all.includes(trace),
  );
}
