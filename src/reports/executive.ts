import { usdOfMicro } from '../domain/money';
import type { ReportBlock, ReportChart, ReportFigure, ReportPeriod, ReportSection } from '../domain/report';
import { trendStep } from '../domain/report-period';
import { riskScore } from '../domain/report-risk';
import { SEVERITIES } from '../domain/severity';
import type { BudgetLine, ExecutiveData, TrendPoint } from '../ports/report-source';
import { approvalSections } from './approval-figures';
import { failureTable } from './failure-table';
import { count, countsText, omittedOf, share, total, trendSeries, usd } from './figures';

/** Key figures, trends and the risk of what is open. */
export function executiveSections(data: ExecutiveData, period: ReportPeriod): readonly ReportSection[] {
  return [
    { id: 'overview', title: 'At a glance', blocks: [{ kind: 'figures', figures: keyFigures(data) }] },
    { id: 'risk', title: 'Risk', blocks: riskBlocks(data) },
    { id: 'failures', title: 'Failures', blocks: failureBlocks(data, period) },
    { id: 'interventions', title: 'Interventions', blocks: [interventions(data)] },
    approvalSections(data.decisions, {
      requested: data.approvalsRequested,
      pending: data.approvalsPending,
      chart: approvalTrend(period, data.trend),
    }),
    { id: 'spending', title: 'Spending', blocks: spending(data, period) },
  ];
}

function keyFigures(data: ExecutiveData): readonly ReportFigure[] {
  const { cyclesByState, experimentsByState, runsByOutcome, failures } = data;
  const found = failures.reduce((sum, { count: n }) => sum + n, 0);
  const resolved = failures
    .filter(({ state }) => state === 'resolved')
    .reduce((sum, { count: n }) => sum + n, 0);
  const { failed = 0, held = 0, unassessed = 0 } = runsByOutcome;
  const spent = data.spent.reduce((sum, { settledMicroUsd }) => sum + settledMicroUsd, 0);
  return [
    count('cycles', 'Research cycles', total(cyclesByState), countsText(cyclesByState)),
    count('experiments', 'Experiments', total(experimentsByState), countsText(experimentsByState)),
    share(
      'failed_runs',
      'Assessed runs that failed',
      failed,
      failed + held,
      `${unassessed} more could not be assessed. Runs are chosen to provoke failures: this is no rate of use.`,
    ),
    count('failures', 'Failures found', found, countsText(data.failuresByNovelty)),
    share('resolved', 'Of these resolved', resolved, found, 'As it is now.'),
    count(
      'open',
      'Failures open now',
      data.open.reduce((sum, { count: n }) => sum + n, 0),
      'Each trigger once on each target, whenever it was found.',
    ),
    count(
      'published',
      'Interventions published',
      total(data.deploymentsPublished),
      countsText(data.deploymentsPublished),
    ),
    usd('spent', 'Spent', spent),
  ];
}

function riskBlocks({ open, worst }: ExecutiveData): readonly ReportBlock[] {
  const risk = riskScore(open);
  const method =
    'The score is the highest of likelihood × impact × 100 over the open failures, after NIST SP 800-30 Rev. 1: ' +
    'likelihood is the share of assessed runs that failed, impact is 0, 0.2, 0.5, 0.8 or 1 for S0 to S4 (table H-3). ' +
    'The level is read from table I-2 with the bins of table G-2. The interval is that of the likelihoods.';
  const limits =
    'Its limits: the likelihood is that of failing once the trigger is there, not how often users bring it; severities ' +
    'are graded by rules; failures that nobody has found do not count.';
  const level: ReportBlock[] =
    risk.level === null
      ? [{ kind: 'text', paragraphs: ['No failure is open: there is nothing to score.'] }]
      : [
          {
            kind: 'text',
            paragraphs: [
              `The level is ${risk.level} (from ${risk.lowLevel} to ${risk.highLevel} over the interval), ` +
                `set by failures of severity ${risk.severity}.`,
            ],
          },
        ];
  return [
    {
      kind: 'figures',
      figures: [
        {
          id: 'risk_score',
          label: 'Risk score',
          value: risk.score,
          unit: 'score',
          n: risk.n,
          low: risk.low,
          high: risk.high,
          ...(risk.level === null ? {} : { note: `of 100; ${risk.level}` }),
        },
        ...open.map(({ severity, count: n, failedRuns, assessedRuns }) =>
          count(
            `open_${severity}`,
            `Open, ${severity}`,
            n,
            `the most frequent in ${failedRuns} of ${assessedRuns} runs`,
          ),
        ),
      ],
    },
    ...level,
    { kind: 'text', paragraphs: [method, limits] },
    failureTable(
      'worst_open_failures',
      'The worst that are open',
      { rows: worst, total: open.reduce((sum, { count: n }) => sum + n, 0) },
      'No failure is open.',
    ),
  ];
}

function failureBlocks(data: ExecutiveData, period: ReportPeriod): readonly ReportBlock[] {
  const states = ['open', 'not_reproduced', 'resolved'] as const;
  const of = (severity: string, state: string) =>
    data.failures
      .filter((each) => each.severity === severity && each.state === state)
      .reduce((sum, { count: n }) => sum + n, 0);
  return [
    failureTrend(period, data.trend),
    {
      kind: 'table',
      id: 'failures_by_severity',
      title: 'Found in the period, as they are now',
      columns: [
        { id: 'severity', title: 'Severity' },
        ...states.map((state) => ({ id: state, title: state.replaceAll('_', ' '), unit: 'count' as const })),
      ],
      rows: SEVERITIES.toReversed().map((severity) => [
        severity,
        ...states.map((state) => of(severity, state)),
      ]),
      omitted: 0,
      empty: 'No failure was found.',
    },
  ];
}

/** Failures found, by severity. */
export function failureTrend(period: ReportPeriod, trend: readonly TrendPoint[]): ReportChart {
  const severities = SEVERITIES.map((severity) => ({ what: severity, name: severity, tone: severity }));
  return {
    kind: 'chart',
    id: 'failure_trend',
    title: `Failures found each ${trendStep(period)}, by severity`,
    shape: 'stacked',
    unit: 'count',
    ...trendSeries(period, trend, severities),
  };
}

function approvalTrend(period: ReportPeriod, trend: readonly TrendPoint[]): ReportChart {
  return {
    kind: 'chart',
    id: 'approval_trend',
    title: `Approvals decided each ${trendStep(period)}`,
    shape: 'stacked',
    unit: 'count',
    ...trendSeries(period, trend, [
      { what: 'approved', name: 'approved', tone: 'good' },
      { what: 'rejected', name: 'rejected', tone: 'bad' },
      { what: 'expired', name: 'expired', tone: 'plain' },
      { what: 'cancelled', name: 'cancelled', tone: 'muted' },
    ]),
  };
}

function interventions(data: ExecutiveData): ReportBlock {
  const {
    improved = 0,
    no_change = 0,
    degraded = 0,
    side_effect = 0,
    inconclusive = 0,
  } = data.simulationsByVerdict;
  const judged = improved + no_change + degraded + side_effect + inconclusive;
  return {
    kind: 'figures',
    figures: [
      share(
        'improved',
        'Replays that showed an improvement',
        improved,
        judged,
        countsText(data.simulationsByVerdict),
      ),
      count(
        'harmful',
        'Replays that showed harm',
        degraded + side_effect,
        'degraded, or a side effect on controls',
      ),
      count(
        'published_all',
        'Published',
        total(data.deploymentsPublished),
        countsText(data.deploymentsPublished),
      ),
      count('rolled_back', 'Rolled back', data.deploymentsRolledBack),
    ],
  };
}

function spending(data: ExecutiveData, period: ReportPeriod): readonly ReportBlock[] {
  const unknown = data.spent.reduce((sum, { unknownMicroUsd }) => sum + unknownMicroUsd, 0);
  return [
    {
      kind: 'figures',
      figures: [
        ...data.spent.map(({ source, settledMicroUsd, calls }) =>
          usd(`spent_${source}`, `Spent by ${source}`, settledMicroUsd, `${calls} calls`),
        ),
        usd('unknown', 'Of unknown bills', unknown, 'Calls whose bill never came, at their upper bounds.'),
      ],
    },
    {
      kind: 'chart',
      id: 'spending_trend',
      title: `Spent each ${trendStep(period)}, in USD`,
      shape: 'lines',
      unit: 'usd',
      ...trendSeries(
        period,
        data.trend,
        [{ what: 'spent_micro_usd', name: 'spent', tone: 'plain' }],
        usdOfMicro,
      ),
    },
    {
      kind: 'table',
      id: 'budgets',
      title: 'Against budgets',
      columns: [
        { id: 'scope', title: 'Scope' },
        { id: 'period', title: 'Period' },
        { id: 'from', title: 'From' },
        { id: 'settled', title: 'Spent', unit: 'usd' },
        { id: 'reserved', title: 'Reserved', unit: 'usd' },
        { id: 'limit', title: 'Limit', unit: 'usd' },
        { id: 'used', title: 'Used', unit: 'share' },
        { id: 'kind', title: 'Kind' },
      ],
      rows: data.budgets.rows.map(budgetCells),
      omitted: omittedOf(data.budgets),
      empty: 'Nothing was charged to a budget.',
    },
  ];
}

function budgetCells(line: BudgetLine) {
  const { limitMicroUsd, settledMicroUsd, reservedMicroUsd } = line;
  const used = settledMicroUsd + reservedMicroUsd;
  return [
    line.scope,
    line.period,
    line.periodStart.toISOString(),
    usdOfMicro(settledMicroUsd),
    usdOfMicro(reservedMicroUsd),
    limitMicroUsd === null ? null : usdOfMicro(limitMicroUsd),
    limitMicroUsd === null || limitMicroUsd === 0 ? null : used / limitMicroUsd,
    line.overrun ? 'overrun' : line.hardLimit ? 'hard limit' : 'recorded only',
  ];
}
