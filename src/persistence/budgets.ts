import { z } from 'zod';
import { BUDGET_PERIODS, periodEnd } from '../domain/budget';
import type { BudgetStatus } from '../domain/budget';
import { usdOfMicro } from '../domain/money';
import { appendInTransaction } from './audit-trail';
import { readSpending } from './budget-spending';
import type { PrismaClient, Transaction } from './client';
import type { BudgetRules } from './ledger';
import type { AuditEvent } from '../ports/audit';
import type { BudgetReset, Budgets, NamedBudget } from '../ports/budgets';

const statusRow = z.object({
  scope: z.string(),
  period: z.enum(BUDGET_PERIODS),
  limit: z.number().nullable(),
  hard: z.boolean(),
  warn: z.number().nullable(),
  at: z.date(),
  period_start: z.date(),
  reserved: z.number(),
  settled: z.number(),
  overrun: z.boolean(),
  warned_at: z.date().nullable(),
});

/** Budgets over the tables of the ledger. The clock is the database's unless `now` stands for it. */
export function createBudgets(prisma: PrismaClient, rules: BudgetRules, now?: () => Date): Budgets {
  const configured: readonly NamedBudget[] = [
    { ...rules.global, scope: 'global' },
    ...Object.entries(rules.targets ?? {}).map(([name, budget]) => ({ ...budget, scope: `target:${name}` })),
  ];
  const at = (): Date | null => now?.() ?? null;
  return {
    configured,
    statusOf: (budgets) => readStatus(prisma, budgets, at()),
    async inForce() {
      const others = await budgetsUnderWay(prisma);
      const names = new Set(configured.map(({ scope }) => scope));
      const fresh = others.filter(({ scope }) => !names.has(scope));
      return readStatus(prisma, [...configured, ...fresh], at());
    },
    spendingIn: ({ scope, periodStart }) => readSpending(prisma, scope, periodStart),
    reset: (budget, by, reason) => prisma.$transaction((tx) => resetBudget(tx, budget, by, reason, at())),
  };
}

/** A session has one period a process: the one that began last is shown. */
async function readStatus(
  tx: Transaction,
  budgets: readonly NamedBudget[],
  at: Date | null,
): Promise<readonly BudgetStatus[]> {
  const given = JSON.stringify(
    budgets.map(({ scope, period, limitMicroUsd, hardLimit, warnThreshold }) => ({
      ...{ scope, period, limit: limitMicroUsd, hard: hardLimit, warn: warnThreshold },
    })),
  );
  const rows = await tx.$queryRaw`
    WITH asked AS (
      SELECT g.*, b.id, b.reset_at, clock.at,
        budget_period_start(g.period, clock.at, coalesce(
          (SELECT max(s.period_start) FROM budget_periods s WHERE g.period = 'session' AND s.budget_id = b.id), clock.at
        ), b.reset_at) AS period_start
      FROM ROWS FROM (
        jsonb_to_recordset(${given}::jsonb) AS (scope text, period text, "limit" float8, hard boolean, warn float8)
      ) WITH ORDINALITY AS g(scope, period, "limit", hard, warn, position)
      CROSS JOIN (SELECT coalesce(${at}::timestamptz, clock_timestamp()) AS at) AS clock
      LEFT JOIN budgets b ON b.scope = g.scope
    )
    SELECT a.scope, a.period, a."limit", a.hard, a.warn, a.at, a.period_start,
      coalesce(p.reserved_micro_usd, 0)::float8 AS reserved, coalesce(p.settled_micro_usd, 0)::float8 AS settled,
      p.warned_at, EXISTS (
        SELECT 1 FROM budget_periods o
        WHERE o.overrun AND o.budget_id = a.id AND o.period_start >= coalesce(a.reset_at, '-infinity')
      ) AS overrun
    FROM asked a LEFT JOIN budget_periods p ON p.budget_id = a.id AND p.period_start = a.period_start
    ORDER BY a.position`;
  return z.array(statusRow).parse(rows).map(toStatus);
}

function toStatus(row: z.infer<typeof statusRow>): BudgetStatus {
  return {
    scope: row.scope,
    limitMicroUsd: row.limit,
    period: row.period,
    hardLimit: row.hard,
    ...(row.warn === null ? {} : { warnThreshold: row.warn }),
    periodStart: row.period_start,
    periodEnd: periodEnd(row.period, row.at),
    settledMicroUsd: row.settled,
    reservedMicroUsd: row.reserved,
    overrun: row.overrun,
    warnedAt: row.warned_at,
  };
}

const budgetRow = z.object({
  scope: z.string(),
  period: z.enum(BUDGET_PERIODS),
  limit: z.number().nullable(),
  hard: z.boolean(),
  warn: z.number().nullable(),
});

/** The budgets of running cycles and their schedules, and those that their open reservations count against. */
async function budgetsUnderWay(tx: Transaction): Promise<readonly NamedBudget[]> {
  const rows = await tx.$queryRaw`
    WITH running AS (
      SELECT id, request #>> '{schedule,id}' AS schedule FROM research_cycles WHERE state = 'running'
    ),
    found AS (
      SELECT b.id FROM running r JOIN budgets b ON b.scope IN ('cycle:' || r.id, 'schedule:' || r.schedule)
      UNION
      SELECT c.budget_id FROM running r
        JOIN cost_ledger e ON e.cycle_id = r.id AND e.state = 'reserved'
        JOIN cost_ledger_charges c ON c.entry_id = e.id
    )
    SELECT b.scope, b.period, b.limit_micro_usd::float8 AS "limit", b.hard_limit AS hard, b.warn_threshold AS warn
    FROM found JOIN budgets b ON b.id = found.id ORDER BY b.created_at, b.scope`;
  return z
    .array(budgetRow)
    .parse(rows)
    .map(({ scope, period, limit, hard, warn }) => ({
      ...{ scope, period, limitMicroUsd: limit, hardLimit: hard },
      ...(warn === null ? {} : { warnThreshold: warn }),
    }));
}

/** The new period begins at least a millisecond, the grain of its column, after the one before. */
async function resetBudget(
  tx: Transaction,
  budget: NamedBudget,
  by: string,
  reason: string | null,
  at: Date | null,
): Promise<BudgetReset> {
  const { scope, period, limitMicroUsd, hardLimit, warnThreshold = null } = budget;
  await tx.$executeRaw`
    INSERT INTO budgets (id, scope, period, limit_micro_usd, hard_limit, warn_threshold)
    VALUES (gen_random_uuid(), ${scope}, ${period}, ${limitMicroUsd}, ${hardLimit}, ${warnThreshold})
    ON CONFLICT (scope) DO NOTHING`;
  await tx.$queryRaw`SELECT 1 FROM budgets WHERE scope = ${scope} FOR NO KEY UPDATE`;
  const before = await statusIn(tx, budget, at);
  // What is being reserved or settled in the period that ends is in its figures.
  await tx.$queryRaw`
    SELECT 1 FROM budget_periods p JOIN budgets b ON b.id = p.budget_id
    WHERE b.scope = ${scope} AND p.period_start = ${before.periodStart} FOR UPDATE OF p`;
  const last = await statusIn(tx, budget, at);
  await tx.$executeRaw`
    UPDATE budgets SET reset_at = greatest(
      date_trunc('milliseconds', coalesce(${at}::timestamptz, clock_timestamp())),
      ${last.periodStart}::timestamptz + interval '1 millisecond')
    WHERE scope = ${scope}`;
  const after = await statusIn(tx, budget, at);
  await appendInTransaction(tx, [resetEvent(last, after, by, reason)]);
  return { before: last, after };
}

async function statusIn(tx: Transaction, budget: NamedBudget, at: Date | null): Promise<BudgetStatus> {
  const [status] = await readStatus(tx, [budget], at);
  if (status === undefined) throw new Error(`the database has no status of the budget ${budget.scope}`);
  return status;
}

function resetEvent(
  before: BudgetStatus,
  after: BudgetStatus,
  by: string,
  reason: string | null,
): AuditEvent {
  const startedAt = after.periodStart.toISOString();
  return {
    key: `budget_reset/${after.scope}/${startedAt}`,
    eventType: 'budget_reset',
    actor: by,
    subjectType: 'budget',
    subjectId: after.scope,
    details: {
      reason,
      period: after.period,
      new_period_start: startedAt,
      period_start: before.periodStart.toISOString(),
      limit_usd: before.limitMicroUsd === null ? null : usdOfMicro(before.limitMicroUsd),
      settled_usd: usdOfMicro(before.settledMicroUsd),
      reserved_usd: usdOfMicro(before.reservedMicroUsd),
      overrun: before.overrun,
    },
  };
}
