import type { ReportCell, ReportColumn, ReportTable } from '../domain/report';
import type { FailureLine, Listed } from '../ports/report-source';
import { omittedOf } from './figures';

const COLUMNS: readonly ReportColumn[] = [
  { id: 'severity', title: 'Severity' },
  { id: 'failure_type', title: 'Type' },
  { id: 'trigger', title: 'Trigger' },
  { id: 'target', title: 'Target' },
  { id: 'rate', title: 'Rate', unit: 'share' },
  { id: 'low', title: '95 % from', unit: 'share' },
  { id: 'high', title: 'to', unit: 'share' },
  { id: 'n', title: 'Runs', unit: 'count' },
  { id: 'state', title: 'State' },
  { id: 'novelty', title: 'Memory' },
  { id: 'found_at', title: 'Found' },
  { id: 'id', title: 'Failure' },
];

/** Failures, one line each. */
export function failureTable(
  id: string,
  title: string,
  failures: Listed<FailureLine>,
  empty: string,
): ReportTable {
  return {
    kind: 'table',
    id,
    title,
    columns: COLUMNS,
    rows: failures.rows.map(toCells),
    omitted: omittedOf(failures),
    empty,
  };
}

function toCells(line: FailureLine): readonly ReportCell[] {
  return [
    line.severity,
    line.failureType,
    line.trigger,
    line.target,
    line.failedRuns / line.assessedRuns,
    line.low,
    line.high,
    line.assessedRuns,
    line.state,
    line.novelty,
    line.createdAt.toISOString(),
    line.id,
  ];
}
