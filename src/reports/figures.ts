import { rateOf } from '../domain/statistics';
import { usdOfMicro } from '../domain/money';
import type { ReportFigure, ReportPeriod, ReportSeries, ReportTable, ReportTone } from '../domain/report';
import { trendColumns } from '../domain/report-period';
import type { Counts, Listed, TrendPoint } from '../ports/report-source';

/** A plain count. */
export function count(id: string, label: string, value: number, note?: string): ReportFigure {
  return { id, label, value, unit: 'count', ...(note === undefined ? {} : { note }) };
}

/** Dollars. */
export function usd(id: string, label: string, microUsd: number, note?: string): ReportFigure {
  return { id, label, value: usdOfMicro(microUsd), unit: 'usd', ...(note === undefined ? {} : { note }) };
}

/** `hits` of `n` with Wilson's interval. */
export function share(id: string, label: string, hits: number, n: number, note?: string): ReportFigure {
  const { value, low, high } = rateOf(hits, n);
  return { id, label, value, unit: 'share', n, low, high, ...(note === undefined ? {} : { note }) };
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}

/** `name count, name count`; for a line of text. */
export function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, n]) => `${name.replaceAll('_', ' ')} ${n}`)
    .join(', ');
}

/** A table of names and how many there are of each. */
export function countsTable(
  id: string,
  title: string,
  named: string,
  counts: Counts,
  empty: string,
): ReportTable {
  return {
    kind: 'table',
    id,
    title,
    columns: [
      { id: 'name', title: named },
      { id: 'count', title: 'Count', unit: 'count' },
    ],
    rows: Object.entries(counts),
    omitted: 0,
    empty,
  };
}

/** One value a column of the trend; 0 where nothing happened. */
export function trendSeries(
  period: ReportPeriod,
  points: readonly TrendPoint[],
  series: readonly { readonly what: string; readonly name: string; readonly tone: ReportTone }[],
  scale: (amount: number) => number = (amount) => amount,
): { readonly categories: readonly string[]; readonly series: readonly ReportSeries[] } {
  const amounts = new Map(points.map(({ column, what, amount }) => [`${column} ${what}`, amount]));
  const categories = trendColumns(period);
  return {
    categories,
    series: series.map(({ what, name, tone }) => ({
      name,
      tone,
      values: categories.map((column) => scale(amounts.get(`${column} ${what}`) ?? 0)),
    })),
  };
}

/** How many rows of a list are not shown. */
export function omittedOf({ rows, total: all }: Listed<unknown>): number {
  return Math.max(0, all - rows.length);
}

export function iso(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}
