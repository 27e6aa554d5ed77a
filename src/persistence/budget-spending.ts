import { z } from 'zod';
import type { Spending } from '../domain/budget';
import { usdOfMicro } from '../domain/money';
import type { PrismaClient } from './client';

const SHOWN_CYCLES = 100;

const rowSchema = z.object({
  by: z.enum(['model', 'source', 'operation', 'cycle', 'unknown']),
  name: z.string(),
  settled: z.number(),
});

/**
 * What was settled in a period, by what it was spent on; one statement. The kind of an operation is the first part of its
 * name; of a researcher's call and of a cost that a program recorded it is the third, after whose it is.
 */
export async function readSpending(
  prisma: PrismaClient,
  scope: string,
  periodStart: Date,
): Promise<Spending> {
  // Entries are made after their period began. The day is for clocks that differ; it spares the look at older ones.
  const rows = await prisma.$queryRaw`
    WITH spent AS (
      SELECT e.model, e.source, coalesce(e.settled_micro_usd, 0) AS settled, e.cycle_id, e.state,
        split_part(e.operation, '/', CASE WHEN e.operation ~ '^(llm|library)/' THEN 3 ELSE 1 END) AS kind
      FROM budgets b
      JOIN cost_ledger_charges c ON c.budget_id = b.id AND c.period_start = ${periodStart}
      JOIN cost_ledger e ON e.id = c.entry_id AND e.created_at > ${periodStart}::timestamptz - interval '1 day'
      WHERE b.scope = ${scope}
    )
    SELECT 'model' AS by, model AS name, sum(settled)::float8 AS settled FROM spent GROUP BY model
    UNION ALL SELECT 'source', source, sum(settled)::float8 FROM spent GROUP BY source
    UNION ALL SELECT 'operation', kind, sum(settled)::float8 FROM spent GROUP BY kind
    UNION ALL (
      SELECT 'cycle', cycle_id::text, sum(settled)::float8 AS settled FROM spent
      WHERE cycle_id IS NOT NULL GROUP BY cycle_id ORDER BY 3 DESC, 2 LIMIT ${SHOWN_CYCLES}
    )
    UNION ALL SELECT 'unknown', '', coalesce(sum(settled), 0)::float8 FROM spent WHERE state = 'unknown'
    ORDER BY settled DESC, name`;
  const parsed = z.array(rowSchema).parse(rows);
  const of = (by: z.infer<typeof rowSchema>['by']): Readonly<Record<string, number>> =>
    Object.fromEntries(
      parsed.filter((row) => row.by === by).map(({ name, settled }) => [name, usdOfMicro(settled)]),
    );
  return {
    byModel: of('model'),
    bySource: of('source'),
    byOperation: of('operation'),
    byCycle: of('cycle'),
    unknownUsd: of('unknown')[''] ?? 0,
  };
}
