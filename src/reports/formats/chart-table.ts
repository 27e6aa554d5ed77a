import type { ReportChart, ReportTable } from '../../domain/report';

/** What a chart shows, as a table. */
export function chartTable({ id, title, unit, categories, series }: ReportChart): ReportTable {
  return {
    kind: 'table',
    id,
    title,
    columns: [{ id: 'from', title: 'From' }, ...series.map(({ name }) => ({ id: name, title: name, unit }))],
    rows: categories.map((category, index) => [
      category,
      ...series.map(({ values }) => values[index] ?? null),
    ]),
    omitted: 0,
    empty: 'There is nothing to show.',
  };
}
