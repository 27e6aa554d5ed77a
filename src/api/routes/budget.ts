import { z } from 'zod';
import { BUDGET_PERIODS, fractionUsed, remainingUsd } from '../../domain/budget';
import type { BudgetStatus, Spending } from '../../domain/budget';
import { DomainError } from '../../domain/errors';
import { usdOfMicro } from '../../domain/money';
import { scheduleScope } from '../../domain/schedule-budget';
import type { Budgets, NamedBudget } from '../../ports/budgets';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';
import { text, timestamp } from '../schemas';

const GLOBAL = 'global';
const OF_SCHEDULE = 'schedule:';
const usd = z.number().min(0);
const byName = z.record(z.string(), usd);

const BudgetScope = z
  .object({
    scope: z
      .string()
      .describe('`global`, `target:<name>`, `schedule:<id>`, `cycle:<id>`, or a step under way.'),
    limit_usd: usd.nullable(),
    period: z.enum(BUDGET_PERIODS),
    period_start: timestamp,
    period_end: timestamp.nullable().describe('Null when it does not end by itself.'),
    settled_usd: usd,
    reserved_usd: usd.describe('Kept for calls under way.'),
    remaining_usd: usd.nullable(),
    fraction_used: z.number().min(0).nullable().describe('Settled and reserved as a share of the limit.'),
    hard_limit: z.boolean(),
    warn_threshold: z.number().nullable(),
    warned_at: timestamp.nullable().describe('When spending reached the threshold in this period.'),
    overrun: z
      .boolean()
      .describe('A bill came out above its reservation: a hard limit admits nothing until a reset.'),
  })
  .meta({ id: 'BudgetScope' });

const Budget = z
  .object({
    scopes: z
      .array(BudgetScope)
      .describe('Every budget in force: global, targets; of what is under way: schedules, cycles and steps.'),
    summary: z
      .object({
        period_start: timestamp,
        by_model: byName,
        by_source: byName,
        by_operation: byName,
        by_cycle: byName.describe('The hundred dearest.'),
        unknown_usd: usd.describe('Of calls whose bill never arrived, at their upper bounds.'),
      })
      .describe('What was settled in the period of the global budget, in USD.'),
  })
  .meta({ id: 'Budget' });

const ResetRequest = z
  .strictObject({
    scope: text(200).default(GLOBAL).describe('`global`, `target:<name>` or `schedule:<id>`.'),
    reason: text(2_000).min(1),
  })
  .meta({ id: 'BudgetResetRequest' });

const Reset = z.object({ before: BudgetScope, after: BudgetScope }).meta({ id: 'BudgetReset' });

/** `/budget` and `/budget/reset`. */
export function budgetRoutes({
  budgets,
  schedules,
}: Pick<ApiDeps, 'budgets' | 'schedules'>): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/budget',
      tag: 'budget',
      summary: 'What may be spent, what is spent and reserved, and on what.',
      access: 'viewer',
      responses: { 200: { description: 'The budgets.', schema: Budget } },
      handler: async () => ({ status: 200, body: await readBudget(budgets) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/budget/reset',
      tag: 'budget',
      summary: 'Starts a new period of a budget now; open reservations stay with the one before.',
      access: 'admin',
      body: ResetRequest,
      responses: { 200: { description: 'The new period has begun.', schema: Reset } },
      problems: { 404: 'No such budget is configured, or no schedule has it.' },
      handler: async ({ body, principal }) => {
        const { before, after } = await budgets.reset(
          await named({ budgets, schedules }, body.scope),
          principal.name,
          body.reason,
        );
        return { status: 200, body: { before: shownScope(before), after: shownScope(after) } };
      },
    }),
  ];
}

async function named(
  { budgets, schedules }: Pick<ApiDeps, 'budgets' | 'schedules'>,
  scope: string,
): Promise<NamedBudget> {
  const found = budgets.configured.find((budget) => budget.scope === scope);
  if (found !== undefined) return found;
  if (scope.startsWith(OF_SCHEDULE)) {
    const { id, request } = await schedules.get(scope.slice(OF_SCHEDULE.length));
    if (request.schedule.budget !== null) return scheduleScope(id, request.schedule.budget);
  }
  const scopes = budgets.configured.map((budget) => budget.scope);
  throw new DomainError('not_found', `there is no budget ${scope}; configured are ${scopes.join(', ')}`, {
    scopes,
  });
}

async function readBudget(budgets: Budgets): Promise<z.infer<typeof Budget>> {
  const statuses = await budgets.inForce();
  const global = statuses.find(({ scope }) => scope === GLOBAL);
  if (global === undefined) throw new Error('there is no global budget');
  const spending = await budgets.spendingIn(global);
  return { scopes: statuses.map(shownScope), summary: shownSpending(global, spending) };
}

function shownScope(status: BudgetStatus): z.infer<typeof BudgetScope> {
  const { limitMicroUsd } = status;
  return {
    scope: status.scope,
    limit_usd: limitMicroUsd === null ? null : usdOfMicro(limitMicroUsd),
    period: status.period,
    period_start: status.periodStart.toISOString(),
    period_end: status.periodEnd?.toISOString() ?? null,
    settled_usd: usdOfMicro(status.settledMicroUsd),
    reserved_usd: usdOfMicro(status.reservedMicroUsd),
    remaining_usd: remainingUsd(status),
    fraction_used: fractionUsed(status),
    hard_limit: status.hardLimit,
    warn_threshold: status.warnThreshold ?? null,
    warned_at: status.warnedAt?.toISOString() ?? null,
    overrun: status.overrun,
  };
}

function shownSpending({ periodStart }: BudgetStatus, spending: Spending): z.infer<typeof Budget>['summary'] {
  return {
    period_start: periodStart.toISOString(),
    by_model: spending.byModel,
    by_source: spending.bySource,
    by_operation: spending.byOperation,
    by_cycle: spending.byCycle,
    unknown_usd: spending.unknownUsd,
  };
}
