import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { DomainError } from '../domain/errors';
import type { TraceIntake } from '../ports/trace-intake';
import type { TraceUploads, TraceUploadStore, UploadRequest } from '../ports/trace-uploads';
import { temporalCall } from './temporal-call';

/** What is smaller is read while the sender waits. */
const READ_AT_ONCE_BYTES = 8 * 1_024 * 1_024;
const CHUNK_BYTES = 1_024 * 1_024;
const WORKFLOW_TYPE = 'ingestTraces';

interface Deps {
  readonly client: Client;
  readonly taskQueue: string;
  readonly intake: TraceIntake;
  readonly store: TraceUploadStore;
}

/** Small uploads are read at once; others are kept in the database, and read by a workflow of their own. */
export function createTraceUploads({ client, taskQueue, intake, store }: Deps): TraceUploads {
  const keep = async (stream: AsyncIterable<Uint8Array>, request: UploadRequest): Promise<string> => {
    const id = randomUUID();
    await store.begin(id, request);
    try {
      let ordinal = 0;
      for await (const chunk of inChunks(stream)) await store.append(id, ordinal++, chunk);
      await store.received(id);
      const start = {
        workflowId: `ingest-${id}`,
        taskQueue,
        args: [{ uploadId: id }],
        staticSummary: 'Reads an upload of traces',
      };
      await temporalCall(() => client.workflow.start(WORKFLOW_TYPE, start));
    } catch (error) {
      await store.fail(id, error instanceof Error ? error.message : String(error));
      throw error;
    }
    return id;
  };
  return {
    async take(stream, request) {
      const chunks = stream[Symbol.asyncIterator]();
      const head: Uint8Array[] = [];
      let bytes = 0;
      let ended = false;
      while (!ended && bytes <= READ_AT_ONCE_BYTES) {
        const next = await chunks.next();
        ended = next.done === true;
        if (next.done === true) break;
        head.push(next.value);
        bytes += next.value.length;
      }
      if (ended) {
        const { requestedBy: _requestedBy, ...options } = request;
        return { kind: 'read', summary: await intake.receive(joined(head, undefined), options) };
      }
      const id = await keep(joined(head, chunks), request);
      const upload = await store.show(id);
      if (upload === undefined) throw new DomainError('not_found', `there is no upload ${id}`);
      return { kind: 'kept', upload };
    },

    get: (id) => store.show(id),
  };
}

async function* joined(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  yield* head;
  for (let next = await rest?.next(); next?.done === false; next = await rest?.next()) yield next.value;
}

async function* inChunks(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(waiting);
    [waiting, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
