import type { BudgetPeriod } from '../domain/budget';
import type { TokenUsage } from '../domain/money';

/** A limit that a reservation counts against, beside the global budget and that of its target. Made on first use. */
export interface SpendingScope {
  /** `cycle:<id>`, `experiment:<id>`, `simulation:<id>` … */
  readonly scope: string;
  readonly limitMicroUsd: number | null;
  /** `unlimited` unless given: it holds for all time. */
  readonly period?: BudgetPeriod;
  /** A hard limit unless given. */
  readonly hardLimit?: boolean;
  /** The share of the limit at which people are warned; `global`: as for the global budget; without it nobody is. */
  readonly warnThreshold?: number | 'global';
}

export interface ReservationRequest {
  /** Stable over retries: `run/<id>`, `replay/<id>`, `llm/<cycle>/<operation>` … */
  readonly operation: string;
  /** `researcher`, `target`, `judge`, or what a program that uses the library names. */
  readonly source: string;
  readonly model: string;
  /** The upper bound of the call. */
  readonly amountMicroUsd: number;
  /** Spent already, so that it is never refused: without room it is reserved at nothing, and its bill is an overrun. */
  readonly spent?: boolean;
}

export interface ReserveInput {
  /** Null for what belongs to no cycle. */
  readonly cycleId: string | null;
  /** The target that is called, whose own budget counts then. */
  readonly target?: string;
  readonly scopes: readonly SpendingScope[];
  readonly entries: readonly ReservationRequest[];
  /** Refuses everything with `mode_changed` when the mode has another version by now. */
  readonly modeVersion?: number;
}

/** The answer for one request: the ledger key, or the scope that is full, with what it holds and its limit. */
export type Reservation =
  | { readonly operation: string; readonly admitted: true; readonly key: string }
  | {
      readonly operation: string;
      readonly admitted: false;
      readonly fullScope: string;
      readonly usedMicroUsd: number;
      readonly limitMicroUsd: number;
    };

/** What became of a reservation. */
export interface Settlement {
  readonly key: string;
  /** `settled` at the bill; `released` when certainly not billed; `unknown` at the reserved amount, when it may have been billed. */
  readonly outcome: 'settled' | 'released' | 'unknown';
  /** The bill; only with `settled`. */
  readonly amountMicroUsd?: number;
  readonly usage?: TokenUsage;
  /** What it was spent on, when that was not known at the reservation. */
  readonly spentOn?: { readonly operation: string; readonly source: string; readonly model: string };
}

/**
 * The cost ledger. One statement reserves for any number of calls, in order, as far as every scope has room.
 * An operation with an open reservation (a crash came between) has it settled as unknown first and is reserved anew.
 */
export interface Ledger {
  /** @throws {DomainError} `mode_changed`. */
  reserve(input: ReserveInput): Promise<readonly Reservation[]>;
  /** A settlement of an entry that is no longer reserved changes nothing. */
  settle(settlements: readonly Settlement[]): Promise<void>;
}
