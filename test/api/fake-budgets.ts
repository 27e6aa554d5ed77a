import type { BudgetStatus } from '../../src/domain/budget';
import type { Budgets, NamedBudget } from '../../src/ports/budgets';

const GLOBAL: NamedBudget = {
  scope: 'global',
  limitMicroUsd: 10_000_000,
  period: 'daily',
  hardLimit: true,
  warnThreshold: 0.8,
};
const STARTED_AT = new Date('2026-11-23T00:00:00.000Z');
const RESET_AT = new Date('2026-11-23T05:00:00.000Z');

/** Budgets of which 9 of 10 USD are spent or reserved, until they are reset. */
export class FakeBudgets implements Budgets {
  readonly configured = [GLOBAL, { ...GLOBAL, scope: 'target:shop' }];
  readonly resets: { readonly scope: string; readonly by: string; readonly reason: string | null }[] = [];

  statusOf(budgets: readonly NamedBudget[]): Promise<readonly BudgetStatus[]> {
    return Promise.resolve(budgets.map((budget) => this.status(budget)));
  }

  inForce(): Promise<readonly BudgetStatus[]> {
    return this.statusOf(this.configured);
  }

  spendingIn(): ReturnType<Budgets['spendingIn']> {
    return Promise.resolve({
      byModel: { 'demo-1': 8.5 },
      bySource: { target: 8.5 },
      byOperation: { run: 6, replay: 2.5 },
      byCycle: {},
      unknownUsd: 0.25,
    });
  }

  reset(budget: NamedBudget, by: string, reason: string | null): ReturnType<Budgets['reset']> {
    const before = this.status(budget);
    this.resets.push({ scope: budget.scope, by, reason });
    return Promise.resolve({ before, after: this.status(budget) });
  }

  private status(budget: NamedBudget): BudgetStatus {
    const isReset = this.resets.some(({ scope }) => scope === budget.scope);
    return {
      ...budget,
      periodStart: isReset ? RESET_AT : STARTED_AT,
      periodEnd: new Date('2026-11-24T00:00:00.000Z'),
      settledMicroUsd: isReset ? 0 : 8_500_000,
      reservedMicroUsd: isReset ? 0 : 500_000,
      overrun: false,
      warnedAt: null,
    };
  }
}
