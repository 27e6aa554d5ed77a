import { z } from 'zod';
import type { Budget } from '../domain/budget';
import { DomainError } from '../domain/errors';
import type { PrismaClient, Transaction } from './client';
import type { Ledger, Reservation, ReserveInput, Settlement, SpendingScope } from '../ports/ledger';

/** The budgets that people configure. */
export interface BudgetRules {
  /** Every call counts against it. */
  readonly global: Budget;
  /** By the name of the target that is called. */
  readonly targets?: Readonly<Record<string, Budget>>;
}

/** What `ledger_reserve` answers (prisma/migrations). */
const answerSchema = z.tuple([
  z.object({
    answer: z.union([
      z.object({ mode_changed: z.literal(true) }),
      z.object({
        reservations: z.array(
          z.union([
            z.object({ operation: z.string(), key: z.string() }),
            z.object({ operation: z.string(), full_scope: z.string(), used: z.number(), limit: z.number() }),
          ]),
        ),
      }),
    ]),
  }),
]);

/**
 * The ledger over PostgreSQL: its rules are functions of the database, so that each call is one round trip. A session of
 * its budgets lasts as long as this object. The clock is the database's unless `now` stands for it.
 */
export function createLedger(prisma: PrismaClient, rules: BudgetRules, now?: () => Date): Ledger {
  const sessionStart = now?.() ?? new Date();

  return {
    async reserve(input) {
      const request = JSON.stringify({
        ...requestOf(input, rules),
        session_start: sessionStart,
        at: now?.(),
      });
      const rows = await prisma.$queryRaw`SELECT ledger_reserve(${request}::jsonb) AS answer`;
      const [{ answer }] = answerSchema.parse(rows);
      if ('mode_changed' in answer) {
        throw new DomainError('mode_changed', 'the mode changed since this was approved');
      }
      return answer.reservations.map((each): Reservation =>
        'key' in each
          ? { operation: each.operation, admitted: true, key: each.key }
          : {
              operation: each.operation,
              admitted: false,
              fullScope: each.full_scope,
              usedMicroUsd: each.used,
              limitMicroUsd: each.limit,
            },
      );
    },

    settle: (settlements) => settleInTransaction(prisma, settlements),
  };
}

/** Books settlements within the transaction of a store, so that a record and its bill are written together. */
export async function settleInTransaction(
  tx: Transaction,
  settlements: readonly Settlement[],
): Promise<void> {
  if (settlements.length === 0) return;
  await tx.$executeRaw`SELECT ledger_settle(${billsOf(settlements)}::jsonb)`;
}

/** Settlements as the function `ledger_settle` of the database reads them. */
export function billsOf(settlements: readonly Settlement[]): string {
  return JSON.stringify(
    settlements.map(({ key, outcome, amountMicroUsd, usage, spentOn }) => ({
      ...spentOn,
      key,
      outcome,
      amount: amountMicroUsd,
      // All that went in, read from the provider's cache or not.
      input_tokens: usage && usage.inputTokens + (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
      output_tokens: usage?.outputTokens,
    })),
  );
}

function requestOf(
  { cycleId, modeVersion, target, scopes, entries }: ReserveInput,
  rules: BudgetRules,
): object {
  const ofTarget = target === undefined ? undefined : rules.targets?.[target];
  return {
    cycle_id: cycleId,
    mode_version: modeVersion,
    scopes: [
      scopeOf({ ...rules.global, scope: 'global' }, rules),
      ...(ofTarget === undefined ? [] : [scopeOf({ ...ofTarget, scope: `target:${target}` }, rules)]),
      ...scopes.map((scope) => scopeOf(scope, rules)),
    ],
    entries: entries.map(({ amountMicroUsd, ...entry }) => ({ ...entry, amount: amountMicroUsd })),
  };
}

function scopeOf(scope: SpendingScope, { global }: BudgetRules): object {
  const { warnThreshold } = scope;
  return {
    scope: scope.scope,
    period: scope.period ?? 'unlimited',
    limit: scope.limitMicroUsd,
    hard: scope.hardLimit ?? true,
    warn: (warnThreshold === 'global' ? global.warnThreshold : warnThreshold) ?? null,
  };
}
