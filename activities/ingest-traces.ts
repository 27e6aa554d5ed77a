import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './support/heartbeat';

/** Goes on behind the last group of spans that was stored: the same bytes give the same spans in the same order. */
export function ingestUpload({ traces }: Pick<ActivityDeps, 'traces'>): Activities['ingestUpload'] {
  const { intake, uploads } = traces;
  return async ({ uploadId }) => {
    const { state, figures, requestedBy: _requestedBy, id: _id, ...options } = await uploads.get(uploadId);
    if (state !== 'reading') return { spans: figures.seen, stored: figures.stored, rejected: 0 };
    return withHeartbeat(async (signal) => {
      const summary = await intake.receive(interruptible(uploads.data(uploadId), signal), {
        ...options,
        from: figures,
        onProgress: (reached) => uploads.progress(uploadId, reached),
      });
      await uploads.done(uploadId, summary);
      return { spans: summary.spans, stored: summary.stored, rejected: summary.rejected_count };
    });
  };
}

async function* interruptible(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}
