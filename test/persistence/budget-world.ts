import { randomUUID } from 'node:crypto';
import type { Budget, BudgetStatus } from '../../src/domain/budget';
import { createBudgets } from '../../src/persistence/budgets';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createLedger, type BudgetRules } from '../../src/persistence/ledger';
import type { ReservationRequest, SpendingScope } from '../../src/ports/ledger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

export const NOON = new Date('2026-11-23T12:00:00.000Z');
export const DAILY: Budget = {
  ...{ limitMicroUsd: 1_000, period: 'daily', hardLimit: true, warnThreshold: 0.8 },
};

/** A database whose budgets have a clock that can be set. */
export class BudgetWorld {
  now = NOON;
  /** Of a test; audit events stay, so that those of another are told apart by it. */
  run = '';

  private constructor(
    readonly prisma: PrismaClient,
    private readonly database: TestDatabase,
  ) {}

  static async start(): Promise<BudgetWorld> {
    const database = await createTestDatabase();
    return new BudgetWorld(createPrisma(database.url, { poolSize: 10 }), database);
  }

  async stop(): Promise<void> {
    await closePrisma(this.prisma);
    await this.database.drop();
  }

  async clear(): Promise<void> {
    await this.prisma.$executeRaw`TRUNCATE cost_ledger, cost_ledger_charges, budget_periods, budgets CASCADE`;
    this.run = randomUUID();
    this.now = NOON;
  }

  call(name: string, amountMicroUsd: number): ReservationRequest {
    return { operation: `run/${this.run}-${name}`, source: 'target', model: 'm', amountMicroUsd };
  }

  keyOf(name: string): string {
    return `run/${this.run}-${name}#1`;
  }

  /** Ledger and budgets of a process with this configuration; its calls are of the target `shop`. */
  books(rules: BudgetRules = { global: DAILY }) {
    const clock = () => this.now;
    const ledger = createLedger(this.prisma, rules, clock);
    const budgets = createBudgets(this.prisma, rules, clock);
    return {
      ledger,
      budgets,
      reserve: async (entries: readonly ReservationRequest[], scopes: readonly SpendingScope[] = []) => {
        const answers = await ledger.reserve({ cycleId: null, target: 'shop', scopes, entries });
        return answers.map(({ admitted }) => admitted);
      },
      settle: (name: string, amountMicroUsd: number) =>
        ledger.settle([{ key: this.keyOf(name), outcome: 'settled', amountMicroUsd }]),
      status: async (scope: string): Promise<BudgetStatus> => {
        const [status] = await budgets.statusOf(budgets.configured.filter((each) => each.scope === scope));
        if (status === undefined) throw new Error(`there is no budget ${scope}`);
        return status;
      },
      reset: (scope = 'global') => {
        const budget = budgets.configured.find((each) => each.scope === scope) ?? { ...DAILY, scope };
        return budgets.reset(budget, 'ana', 'approved');
      },
    };
  }

  /** The warnings and overruns of this test. */
  async audited(eventType: string) {
    const since = await this.prisma.budget.findMany({ select: { id: true } });
    const events = await this.prisma.auditLog.findMany({
      where: { eventType },
      orderBy: { createdAt: 'asc' },
    });
    return events.filter(
      ({ key }) => key.includes(this.run) || since.some(({ id }) => key.startsWith(`budget_warning/${id}/`)),
    );
  }
}
