import { reportedCycleSchema, type ReportedCycle } from '../../../src/cli/formats/reported-cycle';
import { rateOf } from '../../../src/domain/statistics';

/** Texts that break out of formats that do not escape them. */
export const HOSTILE = [
  ']]></failure><testcase name="x"/>',
  '"><script>alert(1)</script>',
  "' onload='x",
  '&lt;&amp;&#0;&bogus;',
  'true',
  'NUL \0, bell \u0007, escape \u001B[31m, half \uD800, non-character \uFFFE',
  '[click](javascript:alert(1)) {0} {{1}} \\[',
  'line one\r\nline two\ttab',
  '😀 ünïcödé \u202Eevil',
  '',
];

const experiment = (index: number, failed: number, held: number, text: string) => ({
  id: `experiment ${index}`,
  title: text,
  failure_type: 'logic_error',
  state: 'done',
  skip_reason: null,
  detail: null,
  outcomes: { failed, held, unassessed: 1 },
  started_at: '2026-01-02T03:04:05.000Z',
  ended_at: '2026-01-02T03:04:06.250Z',
});

const failure = (index: number, text: string) => ({
  id: `failure ${index}`,
  failure_type: index % 2 === 0 ? 'logic_error' : 'goal_drift',
  severity: 'S3',
  trigger: text,
  trigger_signature: `shop/logic_error/${text}`,
  description: text,
  root_cause: text,
  novelty: 'seen',
  reproducibility: rateOf(3, 4),
  evidence: [{ quote: text }],
});

const CYCLE = {
  id: '0190c7a0-0000-7000-8000-000000000000',
  target: 'shop',
  state: 'completed',
  error: null,
  created_at: '2026-01-02T03:04:05.000Z',
  ended_at: '2026-01-02T03:05:05.500Z',
};

/** A research cycle: one experiment and one failure for each text, then one that held, one skipped, one unassessed. */
export function researchCycle(texts: readonly string[], over: Partial<ReportedCycle> = {}): ReportedCycle {
  const failed = texts.map((text, index) => experiment(index, 3, 1, text));
  const held = experiment(90, 0, 5, 'held');
  const skipped = {
    ...experiment(91, 0, 0, 'skipped'),
    state: 'skipped',
    skip_reason: 'blocked',
    detail: 'the policy says no',
  };
  const unassessed = experiment(92, 0, 0, 'unassessed');
  return reportedCycleSchema.parse({
    ...CYCLE,
    result: {
      failures: texts.map((text, index) => failure(index, text)),
      experiments: [...failed, held, skipped, unassessed],
    },
    ...over,
  });
}

/** A cycle that replayed known failures: one for each verdict in turn. */
export function regressionCycle(texts: readonly string[]): ReportedCycle {
  const verdicts = ['still_failing', 'regressed', 'fixed', 'inconclusive', 'unassessed', null] as const;
  const regressions = texts.map((text, index) => {
    const verdict = verdicts[index % verdicts.length];
    const shows = verdict === 'still_failing' || verdict === 'regressed';
    return {
      failure_id: `known ${index}`,
      trigger_signature: `shop/logic_error/${text}`,
      failure_type: 'logic_error',
      severity: 'S2',
      trigger: text,
      was: verdict === 'regressed' ? 'resolved' : 'open',
      verdict,
      chance_unseen: verdict === 'inconclusive' ? 0.4 : null,
      recorded: rateOf(5, 5),
      observed: shows ? rateOf(3, 4) : rateOf(0, 2),
      unassessed: 1,
      runs_permitted: 2,
      size: { runs: 4, chosen_by: 'power', power: 0.96 },
      reason: text,
      experiment_id: `experiment ${index}`,
      found_as: shows ? `failure ${index}` : null,
    };
  });
  const found = regressions.flatMap(({ found_as, trigger }, index) =>
    found_as === null ? [] : [failure(index, trigger)],
  );
  const experiments = texts.map((text, index) => experiment(index, 3, 1, text));
  return reportedCycleSchema.parse({ ...CYCLE, result: { failures: found, experiments, regressions } });
}
