import type { Budget, BudgetStatus, Spending } from '../domain/budget';

/** A budget with the scope it limits. */
export interface NamedBudget extends Budget {
  readonly scope: string;
}

/** What budgets hold, and starting their periods anew. */
export interface Budgets {
  /** The budgets of the configuration: `global` first, then those of targets. */
  readonly configured: readonly NamedBudget[];
  /** These budgets as they are now, in their order; also such as nothing was reserved in yet. */
  statusOf(budgets: readonly NamedBudget[]): Promise<readonly BudgetStatus[]>;
  /** The configured ones, and those of cycles under way and their steps. */
  inForce(): Promise<readonly BudgetStatus[]>;
  spendingIn(status: Pick<BudgetStatus, 'scope' | 'periodStart'>): Promise<Spending>;
  /** Starts a new period now, audited with the figures of the one before. Open reservations stay with theirs. */
  reset(budget: NamedBudget, by: string, reason: string | null): Promise<BudgetReset>;
}

export interface BudgetReset {
  readonly before: BudgetStatus;
  readonly after: BudgetStatus;
}
