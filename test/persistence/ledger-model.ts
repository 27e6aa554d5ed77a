import type { BudgetPeriod } from '../../src/domain/budget';
import type { Settlement } from '../../src/ports/ledger';

/** A scope of the model: its limit and period; hard, warned of at 0.8. */
export interface ModelBudget {
  readonly limit: number;
  readonly period: Extract<BudgetPeriod, 'hourly' | 'daily' | 'unlimited'>;
}

interface Period {
  readonly start: number;
  readonly entries: Entry[];
  overrun: boolean;
  warned: boolean;
}

interface Entry {
  readonly key: string;
  readonly operation: string;
  readonly reserved: number;
  readonly periods: readonly (readonly [scope: string, period: Period])[];
  state: 'reserved' | Settlement['outcome'];
  settled: number;
}

export interface ModelCall {
  readonly operation: string;
  readonly amount: number;
  readonly spent: boolean;
}

const LENGTH_MS = { hourly: 3_600_000, daily: 86_400_000 } as const;

/** The rules of the ledger in memory, one call after another. */
export class ModelLedger {
  readonly entries = new Map<string, Entry>();
  readonly periods = new Map<string, Period[]>();
  /** The audit events that there must be, by their key. */
  readonly overruns: string[] = [];
  private readonly resetAt = new Map<string, number>();

  constructor(private readonly budgets: Readonly<Record<string, ModelBudget>>) {}

  /** The keys admitted, undefined for those refused. */
  reserve(at: number, scopes: readonly string[], calls: readonly ModelCall[]): (string | undefined)[] {
    for (const { operation } of calls) {
      for (const entry of this.entries.values()) {
        if (entry.operation === operation && entry.state === 'reserved') this.settle(entry.key, 'unknown', 0);
      }
    }
    const periods = scopes.map((scope) => [scope, this.periodAt(scope, at)] as const);
    const keys = calls.map(({ operation, amount, spent }) => {
      const hasRoom = scopes.every((scope) => this.room(scope, at) >= amount);
      if (!hasRoom && !spent) return undefined;
      const number = [...this.entries.values()].filter((entry) => entry.operation === operation).length + 1;
      const key = `${operation}#${number}`;
      const reserved = hasRoom ? amount : 0;
      const entry: Entry = { key, operation, reserved, periods, state: 'reserved', settled: 0 };
      this.entries.set(key, entry);
      for (const [, period] of periods) period.entries.push(entry);
      return key;
    });
    for (const [scope, period] of periods) this.warn(scope, period);
    return keys;
  }

  settle(key: string, outcome: Settlement['outcome'], amount: number): void {
    const entry = this.entries.get(key);
    if (entry?.state !== 'reserved') return;
    entry.state = outcome;
    entry.settled = { released: 0, unknown: entry.reserved, settled: amount }[outcome];
    if (entry.settled <= entry.reserved) return;
    this.overruns.push(`budget_overrun/${key}`);
    for (const [scope, period] of entry.periods) {
      period.overrun = true;
      this.warn(scope, period);
    }
  }

  reset(scope: string, at: number): void {
    const start = this.startAt(scope, at);
    this.resetAt.set(scope, Math.max(at, start + 1));
  }

  startAt(scope: string, at: number): number {
    const period = this.budgets[scope]?.period ?? 'unlimited';
    const calendar = period === 'unlimited' ? 0 : at - (at % LENGTH_MS[period]);
    return Math.max(calendar, this.resetAt.get(scope) ?? 0);
  }

  used({ entries }: Period): number {
    return this.settledIn(entries) + this.reservedIn(entries);
  }

  settledIn(entries: readonly Entry[]): number {
    return entries.reduce((sum, { settled }) => sum + settled, 0);
  }

  reservedIn(entries: readonly Entry[]): number {
    return entries.reduce((sum, { state, reserved }) => sum + (state === 'reserved' ? reserved : 0), 0);
  }

  isOverrun(scope: string): boolean {
    const since = this.resetAt.get(scope) ?? 0;
    return (this.periods.get(scope) ?? []).some(({ overrun, start }) => overrun && start >= since);
  }

  private room(scope: string, at: number): number {
    const limit = this.budgets[scope]?.limit ?? 0;
    return this.isOverrun(scope) ? -1 : limit - this.used(this.periodAt(scope, at));
  }

  private periodAt(scope: string, at: number): Period {
    const start = this.startAt(scope, at);
    const known = this.periods.get(scope) ?? [];
    const found = known.find((period) => period.start === start);
    if (found !== undefined) return found;
    const period: Period = { start, entries: [], overrun: false, warned: false };
    this.periods.set(scope, [...known, period]);
    return period;
  }

  private warn(scope: string, period: Period): void {
    const limit = this.budgets[scope]?.limit ?? 0;
    period.warned ||= this.used(period) >= Math.max(1, Math.ceil((limit * 8) / 10));
  }
}
