import type { ReportChart, ReportSection } from '../domain/report';
import type { DecisionFigures } from '../ports/report-source';
import { count, share } from './figures';

/** How approvals were decided, and how long people took. */
export function approvalSections(
  decisions: readonly DecisionFigures[],
  asked: { readonly requested: number; readonly pending: number; readonly chart?: ReportChart },
): ReportSection {
  const all = decisions.reduce((sum, { count: n }) => sum + n, 0);
  const of = (decision: string) =>
    decisions.filter((each) => each.decision === decision).reduce((sum, { count: n }) => sum + n, 0);
  return {
    id: 'approvals',
    title: 'Approvals',
    blocks: [
      {
        kind: 'figures',
        figures: [
          count('requested', 'Asked for', asked.requested),
          count('decided', 'Decided', all),
          share('expired', 'Of these expired', of('expired'), all, 'Silence is not a yes.'),
          count('pending', 'Waiting now', asked.pending),
        ],
      },
      ...(asked.chart === undefined ? [] : [asked.chart]),
      {
        kind: 'table',
        id: 'decisions',
        title: 'Decisions, and how long they took',
        columns: [
          { id: 'decision', title: 'Decision' },
          { id: 'via', title: 'By way of' },
          { id: 'count', title: 'Count', unit: 'count' },
          { id: 'median', title: 'Median', unit: 'seconds' },
          { id: 'p90', title: '90 % within', unit: 'seconds' },
        ],
        rows: decisions.map((each) => [
          each.decision,
          each.via,
          each.count,
          each.medianSeconds,
          each.p90Seconds,
        ]),
        omitted: 0,
        empty: 'Nothing was decided.',
      },
    ],
  };
}
