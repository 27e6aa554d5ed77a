import { z } from 'zod';
import { REGRESSION_VERDICTS } from '../domain/regression';
import type { Output } from './context';
import { EXIT, type ExitCode } from './exit';
import { writeTable } from './table';
import { oneLine } from './terminal-text';

const rate = z.looseObject({
  count: z.number(),
  n: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** A known failure that a cycle replayed, as its result shows it. */
export const regressionSchema = z.looseObject({
  failure_id: z.string(),
  trigger_signature: z.string(),
  failure_type: z.string(),
  severity: z.string(),
  trigger: z.string(),
  was: z.string(),
  verdict: z.enum(REGRESSION_VERDICTS).nullable(),
  chance_unseen: z.number().nullable(),
  recorded: rate,
  observed: rate,
  unassessed: z.number(),
  runs_permitted: z.number().nullable(),
  size: z.looseObject({ runs: z.number(), chosen_by: z.string(), power: z.number() }),
  reason: z.string().nullable(),
  experiment_id: z.string(),
  /** The failure of this cycle, where it showed again. */
  found_as: z.string().nullable(),
});
export type Regression = z.infer<typeof regressionSchema>;

const BAD: ReadonlySet<string | null> = new Set(['regressed', 'still_failing']);

/** For builds: `failed` when a known failure shows, else `unsettled` when of one nobody knows, else `ok`. */
export function regressionExit(regressions: readonly Pick<Regression, 'verdict'>[]): ExitCode {
  if (regressions.some(({ verdict }) => BAD.has(verdict))) return EXIT.failed;
  return regressions.every(({ verdict }) => verdict === 'fixed') ? EXIT.ok : EXIT.unsettled;
}

/** A table of the known failures, and why of some nobody knows. */
export function writeRegressions(output: Output, regressions: readonly Regression[]): void {
  if (regressions.length === 0) {
    output.write('No failure of this target is known.\n');
    return;
  }
  const rows = regressions.map((one) => ({
    verdict: verdictOf(one),
    was: one.was.replaceAll('_', ' '),
    severity: one.severity,
    failure_type: one.failure_type,
    recorded: shareOf(one.recorded),
    now: shareOf(one.observed),
    trigger: one.trigger,
  }));
  const names = ['verdict', 'was', 'severity', 'failure_type', 'recorded', 'now', 'trigger'] as const;
  const columns = names.map((name) => ({
    heading: name.replaceAll('_', ' '),
    value: (row: Readonly<Record<string, unknown>>) => row[name],
  }));
  writeTable(output, columns, rows);
  for (const one of regressions) {
    const why = whyUnsettled(one);
    if (why !== undefined) output.write(`${oneLine(one.trigger)}: ${why}\n`);
  }
  output.write(`${tally(regressions)}\n`);
}

/** For people: the verdict, or that there is none since the cycle ended before. */
export function verdictOf({ verdict }: Pick<Regression, 'verdict'>): string {
  return (verdict ?? 'unassessed').replaceAll('_', ' ');
}

const LIMITED_BY: Readonly<Record<string, string>> = {
  request: 'the runs that were asked for',
  budget: 'the budget',
  limit: 'the most runs that an experiment may have',
};

/** Why nobody knows of a failure whether it is still there; undefined where somebody does. */
export function whyUnsettled(one: Regression): string | undefined {
  if (one.verdict === 'inconclusive') return whyInconclusive(one);
  if (one.verdict !== null && one.verdict !== 'unassessed') return undefined;
  return `no run was assessed (${oneLine(one.reason ?? 'the cycle ended before')})`;
}

function whyInconclusive({ observed, unassessed, size, chance_unseen, ...one }: Regression): string {
  const permitted = one.runs_permitted ?? size.runs;
  const limit = permitted < size.runs ? 'the mode' : LIMITED_BY[size.chosen_by];
  const chance = Math.round((chance_unseen ?? 1) * 100);
  return [
    `${observed.n} runs held, which has a chance of ${chance} % even if nothing changed`,
    ...(limit === undefined ? [] : [`it was replayed ${permitted} times, limited by ${limit}`]),
    ...(unassessed > 0 ? [`${unassessed} could not be assessed (${oneLine(one.reason ?? 'unknown')})`] : []),
  ].join('; ');
}

function tally(regressions: readonly Regression[]): string {
  const verdicts = regressions.map(verdictOf);
  return REGRESSION_VERDICTS.map((verdict) => verdict.replaceAll('_', ' '))
    .map((verdict) => ({ verdict, count: verdicts.filter((one) => one === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`)
    .join(', ');
}

/** As in `3 of 5`. */
export function shareOf({ count, n }: Pick<Regression['observed'], 'count' | 'n'>): string {
  return `${count} of ${n}`;
}
