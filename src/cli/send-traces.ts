import { createReadStream } from 'node:fs';
import { basename, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiClient } from './api-client';
import type { CliContext, GlobalOptions } from './context';
import { CliError, EXIT } from './exit';
import { ProgressBar } from './progress-bar';
import { apiClient } from './settings';
import { show } from './show';
import { oneLine } from './terminal-text';

const stored = z.looseObject({
  format: z.string().nullable(),
  traces: z.number(),
  spans: z.number(),
  stored: z.number(),
  duplicates: z.number(),
  not_sampled: z.number(),
  rejected_count: z.number(),
});
type Stored = z.output<typeof stored>;

const upload = z.looseObject({
  id: z.string(),
  state: z.enum(['receiving', 'reading', 'done', 'failed']),
  summary: stored.nullable(),
  error: z.string().nullable(),
});
const UPLOAD_POLL_MS = 500;

export interface SendOptions extends GlobalOptions {
  readonly format?: string;
  readonly target?: string;
  readonly dryRun?: boolean;
}

/** Sends files of traces to the API, waits until they have been read, and says what became of them. */
export async function sendTraces(
  files: readonly string[],
  options: SendOptions,
  context: CliContext,
): Promise<void> {
  const summaries: (Stored & { readonly file: string })[] = [];
  for (const file of files) summaries.push({ ...(await send(file, options, context)), file });
  const [first] = summaries;
  show(context, options, summaries.length === 1 && first !== undefined ? first : { files: summaries }, () => {
    for (const one of summaries) {
      context.stdout.write(
        `${oneLine(one.file)}: ${one.format ?? 'refused'}, ${one.traces} traces, ${one.spans} spans: ` +
          `${one.stored} stored, ${one.duplicates} known already, ${one.not_sampled} not sampled, ` +
          `${one.rejected_count} rejected\n`,
      );
    }
  });
  if (summaries.every(({ spans }) => spans === 0)) context.setExitCode(EXIT.failed);
}

async function send(file: string, options: SendOptions, context: CliContext): Promise<Stored> {
  const { sizeOf } = await import('./ingest-files.js');
  const path = resolve(context.cwd, file);
  const bar = new ProgressBar(context.stderr, basename(file), await sizeOf(path));
  const stream = createReadStream(path, { signal: context.signal });
  const client = apiClient(context, options);
  try {
    const query = { format: options.format, target: options.target };
    const body = bar.counting(stream);
    const answer = await client.upload('/traces/ingest', z.union([upload, stored]), body, query);
    return isUpload(answer) ? await readEnd(client, answer.id, context.signal) : answer;
  } finally {
    stream.destroy();
    bar.end();
  }
}

function isUpload(answer: Stored | z.output<typeof upload>): answer is z.output<typeof upload> {
  return 'state' in answer;
}

async function readEnd(client: ApiClient, id: string, signal: AbortSignal): Promise<Stored> {
  for (;;) {
    const { state, summary, error } = await client.callPatiently(`/traces/uploads/${id}`, upload);
    if (state === 'done' && summary !== null) return summary;
    if (state === 'failed') {
      throw new CliError(EXIT.failed, `the upload ${id} could not be read: ${error ?? 'nobody says why'}`);
    }
    await sleep(UPLOAD_POLL_MS, undefined, { signal });
  }
}
