import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { CYCLE_PHASES } from '../domain/cycle';
import type { CycleStore } from '../ports/stores';
import type { Records } from '../ports/records';

const AT_ONCE = 100;

/**
 * Closes cycles whose workflow was ended past them, say terminated in the Web UI: they end as failed, with what is still
 * reserved settled as unknown. A workflow that is not found is left alone: that may be the wrong namespace.
 * @returns the ids of the cycles it closed.
 */
export async function closeOrphanedCycles(deps: {
  readonly client: Client;
  readonly records: Records;
  readonly cycles: CycleStore;
}): Promise<readonly string[]> {
  const closed: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await deps.records.list('cycles', {
      limit: AT_ONCE,
      filters: { state: 'running' },
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id, workflow_id: workflowId, phase } of page.items) {
      const status = await statusOf(deps.client, String(workflowId));
      if (status === 'RUNNING' || status === undefined) continue;
      const reached = CYCLE_PHASES.find((name) => name === phase) ?? 'hypothesis_generation';
      await deps.cycles.close(
        String(id),
        'failed',
        reached,
        `the workflow ended as ${status} before the cycle did`,
      );
      closed.push(String(id));
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return closed;
}

async function statusOf(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    return description.status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
