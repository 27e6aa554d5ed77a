import * as wf from '@temporalio/workflow';
import { ingestion, quick } from './support/activities';
import { rootMessage } from './support/failures';

/** Reads an upload of traces to its end, however often a worker dies over it. */
export async function ingestTraces({ uploadId }: { readonly uploadId: string }): Promise<{
  readonly spans: number;
  readonly stored: number;
  readonly rejected: number;
}> {
  wf.setCurrentDetails('**reading**');
  try {
    const read = await ingestion.ingestUpload({ uploadId });
    wf.log.info('traces were read', { upload_id: uploadId, ...read });
    wf.setCurrentDetails(`**done**\n\n${read.spans} spans, ${read.stored} stored, ${read.rejected} rejected`);
    return read;
  } catch (error) {
    const reason = wf.isCancellation(error) ? 'its workflow was cancelled' : rootMessage(error);
    await wf.CancellationScope.nonCancellable(() => quick.failUpload({ uploadId, error: reason }));
    throw error;
  }
}
