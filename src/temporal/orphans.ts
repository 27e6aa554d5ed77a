import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { CYCLE_PHASES } from '../domain/cycle';
import type { ApiRecord, Records, Resource } from '../ports/records';
import type { Stores } from '../ports/stores';

const AT_ONCE = 100;

interface OrphanDeps {
  readonly client: Client;
  readonly records: Records;
  readonly stores: Pick<Stores, 'cycles' | 'deployments' | 'toolExecutions' | 'approvals'>;
}

/** Records in a state that only their workflow ends, and how they end without it. */
interface Ward {
  readonly resource: Resource;
  readonly filters: Readonly<Record<string, string>>;
  readonly close: (record: ApiRecord, reason: string) => Promise<unknown>;
}

/**
 * Ends what waits for a workflow that was ended past it, say terminated in the Web UI. Cycles end as failed, with what is
 * still reserved settled as unknown. A deployment that nobody watches any more is taken back, one that never went live is
 * refused; so is a tool call that never began, and one that had begun has an unknown end. Questions are withdrawn. A
 * workflow that is not found is left alone: that may be the wrong namespace.
 * @returns the ids of the records it closed.
 */
export async function closeOrphans(deps: OrphanDeps): Promise<readonly string[]> {
  const closed: string[] = [];
  for (const ward of wards(deps.stores)) closed.push(...(await closeWards(deps, ward)));
  return closed;
}

function wards({ cycles, deployments, toolExecutions, approvals }: OrphanDeps['stores']): readonly Ward[] {
  return [
    {
      resource: 'cycles',
      filters: { state: 'running' },
      close: ({ id, phase }, reason) => {
        const reached = CYCLE_PHASES.find((name) => name === phase) ?? 'hypothesis_generation';
        return cycles.close(String(id), 'failed', reached, `${reason} before the cycle did`);
      },
    },
    {
      resource: 'deployments',
      filters: { state: 'live' },
      close: ({ id }, reason) =>
        deployments.rollBack(
          { deploymentId: String(id) },
          { by: 'system', reason: `${reason} before its watch did: nobody watches it any more` },
        ),
    },
    {
      resource: 'deployments',
      filters: { state: 'requested' },
      close: async ({ id }, reason) => deployments.refuse(await deployments.get(String(id)), reason),
    },
    {
      resource: 'tool_executions',
      filters: { status: 'requested' },
      close: ({ id }, reason) => toolExecutions.refuse(String(id), reason),
    },
    {
      resource: 'tool_executions',
      filters: { status: 'running' },
      close: ({ id }, reason) => toolExecutions.finish(String(id), { status: 'unknown', error: reason }),
    },
    {
      resource: 'approvals',
      filters: { state: 'pending' },
      close: (record, reason) => approvals.withdraw(String(record['workflow_id']), reason),
    },
  ];
}

async function closeWards(
  { client, records }: OrphanDeps,
  { resource, filters, close }: Ward,
): Promise<readonly string[]> {
  const closed: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await records.list(resource, {
      limit: AT_ONCE,
      filters,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const record of page.items) {
      const status = await statusOf(client, String(record['workflow_id']));
      if (status === 'RUNNING' || status === undefined) continue;
      await close(record, `the workflow ended as ${status}`);
      closed.push(String(record['id']));
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
