import type { ReportCell, ReportColumn, ReportFigure, ReportUnit } from '../../domain/report';

const COUNT = new Intl.NumberFormat('en-US');
const USD = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 4,
});
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A number for people. */
export function shownNumber(value: number, unit: ReportUnit): string {
  switch (unit) {
    case 'count':
      return COUNT.format(value);
    case 'usd':
      return USD.format(value);
    case 'share':
      return `${(value * 100).toFixed(1)} %`;
    case 'seconds':
      return duration(value);
    case 'score':
      return String(Number(value.toPrecision(3)));
  }
}

/** A cell for people; nothing where it is empty. */
export function shownCell(cell: ReportCell, { unit }: ReportColumn): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return shownNumber(cell, unit ?? 'count');
  return isMoment(cell) ? cell.slice(0, 19).replace('T', ' ') : cell;
}

/** Whether a cell is a time: ISO 8601, UTC. */
export function isMoment(cell: ReportCell): cell is string {
  return typeof cell === 'string' && MOMENT.test(cell);
}

/** The value of a figure for people; a dash where there is none. */
export function shownValue({ value, unit }: ReportFigure): string {
  return value === null ? '–' : shownNumber(value, unit);
}

/** What a figure rests on: `n = 20, 95 % 12.1 % to 52.0 %`; nothing for a plain count. */
export function shownBasis({ unit, n, low, high }: ReportFigure): string {
  const parts = [
    ...(n === undefined ? [] : [`n = ${COUNT.format(n)}`]),
    ...(low == null || high == null ? [] : [`95 % ${shownNumber(low, unit)} to ${shownNumber(high, unit)}`]),
  ];
  return parts.join(', ');
}

/** `2026-11-23 13:05 UTC`. */
export function shownMoment(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function duration(seconds: number): string {
  if (seconds < MINUTE) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${(seconds / HOUR).toFixed(1)} h`;
  return `${(seconds / DAY).toFixed(1)} d`;
}
