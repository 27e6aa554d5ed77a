import { accountChecks } from './report-account-checks';
import { actionChecks } from './report-action-checks';
import { approvalChecks } from './report-approval-checks';
import type { CheckQuery } from './report-check-query';
import type { ReportPeriod } from '../domain/report';
import type { ComplianceCheck } from '../ports/report-source';
import type { Transaction } from './client';

const EXAMPLES = 20;

/** All checks of the records of a period. */
export async function readComplianceChecks(
  tx: Transaction,
  period: ReportPeriod,
): Promise<readonly ComplianceCheck[]> {
  const checks: ComplianceCheck[] = [];
  // One connection: one statement at a time.
  for (const query of [...actionChecks(period), ...approvalChecks(period), ...accountChecks(period)]) {
    checks.push(await look(tx, query));
  }
  return checks;
}

async function look(tx: Transaction, { rows, ...check }: CheckQuery): Promise<ComplianceCheck> {
  type Found = Pick<ComplianceCheck, 'checked' | 'violations' | 'examples'>;
  const [found] = await tx.$queryRaw<[Found]>`
    WITH looked AS MATERIALIZED (${rows})
    SELECT count(*)::int AS checked, count(detail)::int AS violations,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('record', record, 'detail', detail)) FROM (
          SELECT record, detail FROM looked WHERE detail IS NOT NULL ORDER BY record LIMIT ${EXAMPLES}
        ) first
      ), '[]') AS examples
    FROM looked`;
  return { ...check, ...found };
}
