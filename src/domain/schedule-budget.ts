import { remainingUsd } from './budget';
import type { Budget, BudgetPeriod, BudgetStatus } from './budget';
import { usdOfMicro } from './money';

/** The periods of a schedule's budget: those of the calendar, or all time. */
export const SCHEDULE_PERIODS = [
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'unlimited',
] as const satisfies readonly BudgetPeriod[];

/** What all cycles of a schedule together may spend in a period; a hard limit. */
export interface ScheduleBudget {
  readonly limitMicroUsd: number;
  readonly period: (typeof SCHEDULE_PERIODS)[number];
}

/** The budget with the scope that it limits in the ledger. */
export function scheduleScope(
  scheduleId: string,
  budget: ScheduleBudget,
): Budget & { readonly scope: string } {
  return { ...budget, scope: `schedule:${scheduleId}`, hardLimit: true };
}

/**
 * Why the budget lets no further cycle start; null when it does. A cycle starts when what is left covers all that it may
 * spend, so that none is cut short by the cycles before it.
 */
export function refusalOfBudget(status: BudgetStatus, cycleMicroUsd: number): string | null {
  if (status.overrun) return `a bill overran the budget ${status.scope}; it admits nothing until a reset`;
  const leftUsd = remainingUsd(status);
  const wantedUsd = usdOfMicro(cycleMicroUsd);
  return leftUsd === null || leftUsd >= wantedUsd
    ? null
    : `the budget ${status.scope} has $${leftUsd} left, and the cycle may spend $${wantedUsd}`;
}
