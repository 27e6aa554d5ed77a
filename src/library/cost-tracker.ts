import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { BUDGET_PERIODS, BudgetExceededError, fractionUsed, remainingUsd } from '../domain/budget';
import type { BudgetPeriod } from '../domain/budget';
import { microOfUsd, usdOfMicro } from '../domain/money';
import type { Budgets, NamedBudget } from '../ports/budgets';
import type { Ledger, Reservation, Settlement } from '../ports/ledger';

/** A limit on the spending of a program. */
export interface BudgetConfig {
  readonly limitUsd: number;
  readonly period: BudgetPeriod;
  /** The share of the limit at which people are warned; 0.8 unless given. */
  readonly warnThreshold?: number;
  /** False: what goes over the limit is recorded, not refused. True unless given. */
  readonly hardLimit?: boolean;
}

/** Room in the budget that is kept for a cost to come. */
export interface CostReservation {
  readonly amountUsd: number;
  /** Gives it back: the operation certainly cost nothing. */
  release(): Promise<void>;
}

/** Something that was paid for. */
export interface Cost {
  readonly amountUsd: number;
  /** What kind of thing was paid for, such as `llm_call`. */
  readonly source: string;
  readonly model: string;
  /** What it was for, such as `research`. */
  readonly operation: string;
  /** That of `enforceBudget`; left out: the one of this tracker's that fits best. */
  readonly reservation?: CostReservation;
}

/** What a budget holds in its period now, in USD. */
export interface CostSummary {
  readonly current_period_cost_usd: number;
  readonly reserved_usd: number;
  readonly budget_limit_usd: number | null;
  readonly remaining_budget_usd: number | null;
  readonly fraction_used: number | null;
  readonly period: BudgetPeriod;
  readonly period_start: string;
  readonly period_end: string | null;
  readonly overrun: boolean;
  /** How much of the cost is of calls whose bill never arrived. */
  readonly unknown_usd: number;
  readonly by_model: Readonly<Record<string, number>>;
  readonly by_source: Readonly<Record<string, number>>;
  readonly by_operation: Readonly<Record<string, number>>;
  readonly by_cycle: Readonly<Record<string, number>>;
}

/** Where costs are booked. */
export interface Books {
  readonly ledger: Ledger;
  readonly budgets: Budgets;
}

const usd = z.number().min(0).max(1_000_000_000);
const name = z.string().regex(/^[^\0\p{Cs}/]{1,200}$/u, 'Expected 1 to 200 characters without a slash');
const label = z.string().regex(/^[^\0\p{Cs}]{1,200}$/u, 'Expected 1 to 200 characters');
const costSchema = z.object({ amountUsd: usd, source: label, model: label, operation: name });
const configSchema = z.strictObject({
  limitUsd: usd,
  period: z.enum(BUDGET_PERIODS),
  warnThreshold: z.number().min(0).max(1).default(0.8),
  hardLimit: z.boolean().default(true),
});

/** What a reservation is booked under until its cost is recorded. */
const UNRECORDED = { source: 'library', model: 'unrecorded' } as const;

/** Costs of a program on the ledger that cycles are paid from. */
export class CostTracker {
  readonly #open = new Set<OpenReservation>();
  readonly #within: CostTracker[] = [];

  /** @param budget the one whose figures are shown; every cost counts against the global one as well. */
  constructor(
    private readonly books: Books,
    private readonly budget: NamedBudget,
  ) {}

  /** A tracker whose costs count against a budget of its own as well. @throws {RangeError} naming what is wrong with it. */
  withBudget(ownName: string, config: BudgetConfig): CostTracker {
    const { limitUsd, ...rest } = checked(configSchema, config);
    const scope = `library:${checked(name, ownName)}`;
    const tracker = new CostTracker(this.books, { ...rest, scope, limitMicroUsd: microOfUsd(limitUsd) });
    this.#within.push(tracker);
    return tracker;
  }

  /**
   * Keeps room for an operation that is to be paid for: whoever asks at the same time cannot have it.
   * @throws {BudgetExceededError} when there is no room; {RangeError}.
   */
  async enforceBudget(estimatedCostUsd: number): Promise<CostReservation> {
    const amountMicroUsd = microOfUsd(checked(usd, estimatedCostUsd));
    const operation = `library/${randomUUID()}`;
    const { key } = await this.#reserve(operation, { ...UNRECORDED, amountMicroUsd });
    const reservation = new OpenReservation(operation, key, amountMicroUsd, () =>
      this.#settle(reservation, { key, outcome: 'released' }),
    );
    this.#open.add(reservation);
    return reservation;
  }

  /**
   * Settles a reservation at what was really paid; without any, what was paid is booked whatever room there is.
   * @throws {RangeError} naming what is wrong with the cost, also a reservation that is settled already.
   */
  async recordCost(cost: Cost): Promise<void> {
    const { amountUsd, source, model, operation } = checked(costSchema, cost);
    const amountMicroUsd = microOfUsd(amountUsd);
    const reservation = this.#reservationFor(cost.reservation, amountMicroUsd);
    if (reservation === undefined) {
      const spent = { source, model, amountMicroUsd, spent: true };
      const { key } = await this.#reserve(`library/${randomUUID()}/${operation}`, spent);
      return this.books.ledger.settle([{ key, outcome: 'settled', amountMicroUsd }]);
    }
    const spentOn = { operation: `${reservation.operation}/${operation}`, source, model };
    await this.#settle(reservation, { key: reservation.key, outcome: 'settled', amountMicroUsd, spentOn });
  }

  async getSummary(): Promise<CostSummary> {
    const [status] = await this.books.budgets.statusOf([this.budget]);
    if (status === undefined) throw new Error(`there is no status of the budget ${this.budget.scope}`);
    const spending = await this.books.budgets.spendingIn(status);
    const limit = status.limitMicroUsd;
    return {
      current_period_cost_usd: usdOfMicro(status.settledMicroUsd),
      reserved_usd: usdOfMicro(status.reservedMicroUsd),
      budget_limit_usd: limit === null ? null : usdOfMicro(limit),
      remaining_budget_usd: remainingUsd(status),
      fraction_used: fractionUsed(status),
      period: status.period,
      period_start: status.periodStart.toISOString(),
      period_end: status.periodEnd?.toISOString() ?? null,
      overrun: status.overrun,
      unknown_usd: spending.unknownUsd,
      by_model: spending.byModel,
      by_source: spending.bySource,
      by_operation: spending.byOperation,
      by_cycle: spending.byCycle,
    };
  }

  /** Starts a new period now; open reservations stay with theirs. Audited. */
  async resetPeriod(reason?: string): Promise<void> {
    await this.books.budgets.reset(this.budget, 'library', reason ?? null);
  }

  /** Books what is still open, here and in trackers made by `withBudget`, as unknown: it may have been paid for. */
  async settleOpen(): Promise<void> {
    const settlements = [...this.#open].map(({ key }) => ({ key, outcome: 'unknown' as const }));
    this.#open.clear();
    await this.books.ledger.settle(settlements);
    for (const tracker of this.#within) await tracker.settleOpen();
  }

  async #reserve(
    operation: string,
    entry: { readonly source: string; readonly model: string; readonly amountMicroUsd: number },
  ): Promise<Extract<Reservation, { admitted: true }>> {
    const scopes = this.budget.scope === 'global' ? [] : [this.budget];
    const entries = [{ operation, ...entry }];
    const [answer] = await this.books.ledger.reserve({ cycleId: null, scopes, entries });
    if (answer === undefined) throw new Error('the ledger gave no answer');
    if (answer.admitted) return answer;
    const { fullScope, usedMicroUsd, limitMicroUsd } = answer;
    throw new BudgetExceededError(fullScope, usdOfMicro(usedMicroUsd), usdOfMicro(limitMicroUsd));
  }

  /** The one given; else the smallest that covers the amount, which leaves the larger ones to costs that need them. */
  #reservationFor(given: CostReservation | undefined, amountMicroUsd: number): OpenReservation | undefined {
    const open = [...this.#open];
    if (given !== undefined) {
      const found = open.find((each) => each === given);
      if (found !== undefined) return found;
      throw new RangeError('this reservation is not open, or of another tracker');
    }
    const bySize = open.toSorted((a, b) => a.amountMicroUsd - b.amountMicroUsd);
    return bySize.find((each) => each.amountMicroUsd >= amountMicroUsd) ?? bySize.at(-1);
  }

  /** Nobody else can settle it meanwhile; it is open again when that fails. */
  async #settle(reservation: OpenReservation, settlement: Settlement): Promise<void> {
    if (!this.#open.delete(reservation)) return;
    try {
      await this.books.ledger.settle([settlement]);
    } catch (error) {
      this.#open.add(reservation);
      throw error;
    }
  }
}

class OpenReservation implements CostReservation {
  constructor(
    readonly operation: string,
    readonly key: string,
    readonly amountMicroUsd: number,
    readonly release: () => Promise<void>,
  ) {}

  get amountUsd(): number {
    return usdOfMicro(this.amountMicroUsd);
  }
}

function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RangeError(z.prettifyError(parsed.error));
}
