import type { ApiRecord, Records } from '../ports/records';

const PAGE = 200;

/** Everything that waits for a person, newest first. */
export async function pendingApprovals(records: Records): Promise<readonly ApiRecord[]> {
  const pending: ApiRecord[] = [];
  let cursor: string | null = null;
  do {
    const query = { limit: PAGE, filters: { state: 'pending' }, ...(cursor === null ? {} : { cursor }) };
    const page = await records.list('approvals', query);
    pending.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pending;
}
