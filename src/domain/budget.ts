import { DomainError } from './errors';
import { usdOfMicro } from './money';

/** Calendar periods are UTC, weeks begin on Monday; a session is a process; an unlimited one never ends by itself. */
export const BUDGET_PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'session', 'unlimited'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** A limit on spending. */
export interface Budget {
  /** Null: no limit. */
  readonly limitMicroUsd: number | null;
  readonly period: BudgetPeriod;
  /** False: what goes over the limit is recorded, not refused. */
  readonly hardLimit: boolean;
  /** The share of the limit at which people are warned; without it nobody is. */
  readonly warnThreshold?: number;
}

/** A budget with what its period holds now. */
export interface BudgetStatus extends Budget {
  /** `global`, `target:<name>`, `cycle:<id>` … */
  readonly scope: string;
  /** When the period began: by the calendar, or by a reset since. */
  readonly periodStart: Date;
  /** When it ends by the calendar; null when it never does by itself. */
  readonly periodEnd: Date | null;
  readonly settledMicroUsd: number;
  readonly reservedMicroUsd: number;
  /** A bill came out above its reservation since the last reset: a hard limit admits nothing more. */
  readonly overrun: boolean;
  readonly warnedAt: Date | null;
}

/** What was spent in a period, in USD by name, the dearest first. */
export interface Spending {
  readonly byModel: Readonly<Record<string, number>>;
  readonly bySource: Readonly<Record<string, number>>;
  /** By the kind of operation: `run`, `replay`, `follow_up`, `hypotheses`, `design`, `explain`, `interventions` … */
  readonly byOperation: Readonly<Record<string, number>>;
  /** The hundred dearest, by id. */
  readonly byCycle: Readonly<Record<string, number>>;
  /** How much of it is of calls whose bill never arrived, at their upper bounds. */
  readonly unknownUsd: number;
}

/** What is left of the limit, in USD; never below 0; null without a limit. */
export function remainingUsd(status: BudgetStatus): number | null {
  const { limitMicroUsd, settledMicroUsd, reservedMicroUsd } = status;
  if (limitMicroUsd === null) return null;
  return usdOfMicro(Math.max(0, limitMicroUsd - settledMicroUsd - reservedMicroUsd));
}

/** Settled and reserved as a share of the limit; null without a limit, 1 of a limit of nothing. */
export function fractionUsed(status: BudgetStatus): number | null {
  const { limitMicroUsd, settledMicroUsd, reservedMicroUsd } = status;
  if (limitMicroUsd === null) return null;
  return limitMicroUsd === 0 ? 1 : (settledMicroUsd + reservedMicroUsd) / limitMicroUsd;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When the calendar period around a moment ends; null for periods without a calendar. */
export function periodEnd(period: BudgetPeriod, at: Date): Date | null {
  const day = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate());
  switch (period) {
    case 'hourly':
      return new Date((Math.floor(at.getTime() / HOUR_MS) + 1) * HOUR_MS);
    case 'daily':
      return new Date(day + DAY_MS);
    case 'weekly':
      return new Date(day + (7 - ((at.getUTCDay() + 6) % 7)) * DAY_MS);
    case 'monthly':
      return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));
    case 'session':
    case 'unlimited':
      return null;
  }
}

/** The budget has no room for a cost. */
export class BudgetExceededError extends DomainError {
  constructor(
    /** The scope that is full: `global`, `target:<name>` … */
    readonly scope: string,
    /** What is settled and reserved in its period, in USD. */
    readonly current: number,
    /** In USD. */
    readonly limit: number,
  ) {
    super('budget_exceeded', `budget ${scope} exceeded: $${current.toFixed(2)} / $${limit.toFixed(2)}`, {
      scope,
      current,
      limit,
    });
    this.name = 'BudgetExceededError';
  }
}
