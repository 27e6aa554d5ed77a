import type { ReportPeriod, ReportSection, ReportTable } from '../domain/report';
import type { TechnicalData } from '../ports/report-source';
import { failureTrend } from './executive';
import { findingsOf } from './failure-findings';
import { failureTable } from './failure-table';
import { count, countsTable, countsText, omittedOf, share, total } from './figures';
import { interventionTable } from './intervention-table';

/** Failures with what triggers and shows them, and what was tried against them. */
export function technicalSections(data: TechnicalData, period: ReportPeriod): readonly ReportSection[] {
  return [
    overviewSection(data, period),
    patternSection(data),
    {
      id: 'findings',
      title: 'Failures in full, the worst first',
      blocks: [
        {
          kind: 'findings',
          findings: findingsOf(data),
          omitted: omittedOf(data.details),
          empty: 'No failure was found in the period.',
        },
      ],
    },
    {
      id: 'interventions',
      title: 'Interventions and what replays showed',
      blocks: [
        interventionTable(data.interventions),
        {
          kind: 'text',
          paragraphs: [
            'The effect is the rate of failure without the intervention less that with it, over pairs with the same seed, ' +
              "with Newcombe's interval at 95 %; p is of the two-sided exact McNemar test. Controls are cases that passed.",
          ],
        },
      ],
    },
    {
      id: 'all_failures',
      title: 'All failures',
      blocks: [
        failureTable('failures', 'All failures, the worst first', data.lines, 'No failure was found.'),
      ],
    },
  ];
}

function overviewSection(data: TechnicalData, period: ReportPeriod): ReportSection {
  const { failed = 0, held = 0 } = data.runsByOutcome;
  const { improved = 0 } = data.simulationsByVerdict;
  return {
    id: 'overview',
    title: 'At a glance',
    blocks: [
      {
        kind: 'figures',
        figures: [
          count('failures', 'Failures found', data.lines.total, countsText(data.failuresBySeverity)),
          share('failed_runs', 'Assessed runs that failed', failed, failed + held),
          count(
            'unassessed',
            'Runs not assessed',
            total(data.unassessedByReason),
            countsText(data.unassessedByReason),
          ),
          count('interventions', 'Interventions designed', data.interventions.total),
          count(
            'improved',
            'Replays that showed an improvement',
            improved,
            countsText(data.simulationsByVerdict),
          ),
        ],
      },
      failureTrend(period, data.trend),
    ],
  };
}

function patternSection(data: TechnicalData): ReportSection {
  return {
    id: 'patterns',
    title: 'Patterns',
    blocks: [
      patternTable(data),
      countsTable(
        'novelty',
        'Against what was known before: new, seen before, or back after it was resolved',
        'Memory',
        data.failuresByNovelty,
        'No failure was found.',
      ),
      countsTable(
        'unassessed_runs',
        'Why runs could not be assessed',
        'Reason',
        data.unassessedByReason,
        'Every run was assessed.',
      ),
    ],
  };
}

function patternTable({ patterns }: TechnicalData): ReportTable {
  return {
    kind: 'table',
    id: 'patterns',
    title: 'By type of failure',
    columns: [
      { id: 'failure_type', title: 'Type' },
      { id: 'failure_class', title: 'Class' },
      { id: 'count', title: 'Failures', unit: 'count' },
      { id: 'open', title: 'Open', unit: 'count' },
      { id: 'worst', title: 'Worst' },
      { id: 'targets', title: 'Targets', unit: 'count' },
      { id: 'failed_runs', title: 'Failed runs', unit: 'count' },
      { id: 'assessed_runs', title: 'of assessed', unit: 'count' },
    ],
    rows: patterns.rows.map((row) => [
      row.failureType,
      row.failureClass,
      row.count,
      row.open,
      row.worst,
      row.targets,
      row.failedRuns,
      row.assessedRuns,
    ]),
    omitted: omittedOf(patterns),
    empty: 'No failure was found.',
  };
}
