export const SINCE = new Date('2026-11-09T00:00:00Z');
export const UNTIL = new Date('2026-11-16T00:00:00Z');
export const NOW = new Date('2026-11-16T08:30:00Z');

/** How every text of the data is made from what it says and where it stands. */
export type Say = (plain: string) => string;

/** A record id. */
export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** A moment of the week, by hours since it began. */
export function at(hours: number): Date {
  return new Date(SINCE.getTime() + hours * 3_600_000);
}

/** Decisions about approvals. */
export const DECISIONS = [
  { decision: 'approved', via: 'update', count: 7, medianSeconds: 340, p90Seconds: 7_900 },
  { decision: 'expired', via: 'deadline', count: 1, medianSeconds: 86_400, p90Seconds: 86_400 },
  { decision: 'rejected', via: 'update', count: 2, medianSeconds: 65, p90Seconds: 130 },
];
