import { DomainError } from './errors';
import type { ReportPeriod } from './report';

const DAY_MS = 24 * 3_600_000;
/** Of a report that names no period. */
const DEFAULT_MS = 7 * DAY_MS;
/** Five years, so that a trend has a bounded number of columns. */
const LONGEST_MS = 1_830 * DAY_MS;
/** Up to here a trend has a column a day, beyond a column a week. */
const DAILY_UP_TO_MS = 31 * DAY_MS;
/** 1970-01-05 was the first Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

export type TrendStep = 'day' | 'week';

/**
 * The period that was asked for: the seven days up to now where nothing is said.
 * @throws {DomainError} `invalid_period` when it ends before it begins, or is longer than five years.
 */
export function reportPeriod(
  { since, until }: { readonly since?: Date | undefined; readonly until?: Date | undefined },
  now: Date,
): ReportPeriod {
  const end = until ?? now;
  const start = since ?? new Date(end.getTime() - DEFAULT_MS);
  const length = end.getTime() - start.getTime();
  if (!(length > 0)) throw new DomainError('invalid_period', 'the period ends before it begins');
  if (length > LONGEST_MS) throw new DomainError('invalid_period', 'the period is longer than five years');
  return { since: start, until: end };
}

/** What one column of a trend over a period stands for. */
export function trendStep({ since, until }: ReportPeriod): TrendStep {
  return until.getTime() - since.getTime() <= DAILY_UP_TO_MS ? 'day' : 'week';
}

/** The days or weeks (from Monday), in UTC, that a period touches: `YYYY-MM-DD` of the first day of each. */
export function trendColumns(period: ReportPeriod): readonly string[] {
  const step = trendStep(period) === 'day' ? DAY_MS : 7 * DAY_MS;
  const origin = trendStep(period) === 'day' ? 0 : FIRST_MONDAY_MS;
  const columns: string[] = [];
  let at = Math.floor((period.since.getTime() - origin) / step) * step + origin;
  for (; at < period.until.getTime(); at += step) columns.push(new Date(at).toISOString().slice(0, 10));
  return columns;
}
