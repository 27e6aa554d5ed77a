import { assert, boolean, integer, property } from 'fast-check';
import type { BudgetStatus } from '../../src/domain/budget';
import { refusalOfBudget, scheduleScope } from '../../src/domain/schedule-budget';

const NOW = new Date('2026-11-23T12:00:00.000Z');
const status = (over: Partial<BudgetStatus> = {}): BudgetStatus => ({
  ...scheduleScope('nightly', { limitMicroUsd: 10_000_000, period: 'daily' }),
  periodStart: NOW,
  periodEnd: NOW,
  settledMicroUsd: 0,
  reservedMicroUsd: 0,
  overrun: false,
  warnedAt: null,
  ...over,
});

describe('the budget of a schedule', () => {
  it('admits a cycle exactly when what is left covers all that the cycle may spend', () => {
    const amount = integer({ min: 0, max: 12_000_000 });
    assert(
      property(amount, amount, amount, boolean(), (settledMicroUsd, reservedMicroUsd, cycle, overrun) => {
        const refusal = refusalOfBudget(status({ settledMicroUsd, reservedMicroUsd, overrun }), cycle);
        const left = Math.max(0, 10_000_000 - settledMicroUsd - reservedMicroUsd);
        expect(refusal === null).toBe(!overrun && cycle <= left);
      }),
    );
  });

  it('says how much is missing, or that it waits for a reset', () => {
    expect(refusalOfBudget(status({ settledMicroUsd: 7_500_000 }), 3_000_000)).toBe(
      'the budget schedule:nightly has $2.5 left, and the cycle may spend $3',
    );
    expect(refusalOfBudget(status({ overrun: true }), 1)).toBe(
      'a bill overran the budget schedule:nightly; it admits nothing until a reset',
    );
  });
});
