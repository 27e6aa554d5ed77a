import { z } from 'zod';
import { DomainError } from '../domain/errors';
import type { PrismaClient, Transaction } from './client';
import type { Ledger, Reservation, ReserveInput, Settlement } from '../ports/ledger';

/** The budget that every call counts against. */
export interface GlobalBudget {
  /** Null: no limit. */
  readonly limitMicroUsd: number | null;
  /** `session` lasts as long as the ledger object; calendar periods are UTC. */
  readonly period: 'hourly' | 'daily' | 'weekly' | 'monthly' | 'session' | 'unlimited';
  /** A soft limit admits everything. */
  readonly hardLimit: boolean;
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
            z.object({ operation: z.string(), full_scope: z.string() }),
          ]),
        ),
      }),
    ]),
  }),
]);

/** The ledger over PostgreSQL: its rules are functions of the database, so that each call is one round trip. */
export function createLedger(prisma: PrismaClient, options: { readonly global: GlobalBudget }): Ledger {
  const sessionStart = new Date().toISOString();

  return {
    async reserve(input) {
      const request = JSON.stringify(requestOf(input, options.global, sessionStart));
      const rows = await prisma.$queryRaw`SELECT ledger_reserve(${request}::jsonb) AS answer`;
      const [{ answer }] = answerSchema.parse(rows);
      if ('mode_changed' in answer) {
        throw new DomainError('mode_changed', 'the mode changed since this was approved');
      }
      return answer.reservations.map((each): Reservation =>
        'key' in each
          ? { operation: each.operation, admitted: true, key: each.key }
          : { operation: each.operation, admitted: false, fullScope: each.full_scope },
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
    settlements.map(({ key, outcome, amountMicroUsd, usage }) => ({
      key,
      outcome,
      amount: amountMicroUsd,
      // All that went in, read from the provider's cache or not.
      input_tokens: usage && usage.inputTokens + (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
      output_tokens: usage?.outputTokens,
    })),
  );
}

function requestOf(input: ReserveInput, global: GlobalBudget, sessionStart: string): object {
  return {
    cycle_id: input.cycleId,
    mode_version: input.modeVersion,
    session_start: sessionStart,
    scopes: [
      { scope: 'global', period: global.period, limit: global.limitMicroUsd, hard: global.hardLimit },
      ...input.scopes.map(({ scope, limitMicroUsd }) => ({
        scope,
        period: 'unlimited',
        limit: limitMicroUsd,
        hard: true,
      })),
    ],
    entries: input.entries.map(({ operation, source, model, amountMicroUsd }) => ({
      operation,
      source,
      model,
      amount: amountMicroUsd,
    })),
  };
}
