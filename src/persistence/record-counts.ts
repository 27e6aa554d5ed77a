import { usdOfMicro } from '../domain/money';
import type { Effects, StatusCounts } from '../ports/records';
import type { PrismaClient } from './client';

interface StatusRow {
  readonly hypotheses: number;
  readonly experiments: number;
  readonly failures: number;
  readonly interventions: number;
  readonly active_cycles: number;
  readonly focus: string | null;
  readonly approvals: Readonly<Record<string, number>>;
}

/** Experiments count once they have begun; the focus is that of the cycle begun last of those that run. */
export async function readStatus(prisma: PrismaClient): Promise<StatusCounts> {
  const [row] = await prisma.$queryRaw<[StatusRow]>`
    SELECT (SELECT count(*)::int FROM hypotheses) AS hypotheses,
      (SELECT count(*)::int FROM experiments WHERE started_at IS NOT NULL) AS experiments,
      (SELECT count(*)::int FROM failures) AS failures,
      (SELECT count(*)::int FROM interventions) AS interventions,
      (SELECT count(*)::int FROM research_cycles WHERE state = 'running') AS active_cycles,
      (SELECT focus FROM research_cycles WHERE state = 'running' ORDER BY created_at DESC, id DESC LIMIT 1) AS focus,
      (SELECT coalesce(jsonb_object_agg(counted.state, counted.n), '{}')
        FROM (SELECT state, count(*)::int AS n FROM approvals GROUP BY state) AS counted) AS approvals`;
  const { approved = 0, rejected = 0, expired = 0, pending = 0, cancelled = 0 } = row.approvals;
  return {
    hypothesesGenerated: row.hypotheses,
    experimentsRun: row.experiments,
    failuresDiscovered: row.failures,
    interventionsProposed: row.interventions,
    pendingApprovals: pending,
    activeCycles: row.active_cycles,
    currentFocus: row.focus,
    approvalStats: { approved, rejected, expired, pending, cancelled },
  };
}

interface EffectRow {
  readonly effect:
    | 'cycle'
    | 'cycle_seconds'
    | 'phase'
    | 'cycle_age'
    | 'unsealed'
    | 'failure'
    | 'decision'
    | 'cost'
    | 'pending'
    | 'pending_age'
    | 'tool'
    | 'delivery'
    | 'delivery_age';
  readonly first: string;
  readonly second: string;
  readonly amount: bigint;
}

/** All counters of effects in one statement; cost is what the ledger settled, unknown bills at their reservation. */
export async function readEffects(prisma: PrismaClient): Promise<Effects> {
  const rows = await prisma.$queryRaw<EffectRow[]>`
    SELECT 'cycle' AS effect, state AS first, '' AS second, count(*) AS amount FROM research_cycles GROUP BY state
    UNION ALL SELECT 'cycle_seconds', '', '', round(sum(extract(epoch FROM ended_at - created_at)))::bigint
      FROM research_cycles WHERE ended_at IS NOT NULL HAVING count(*) > 0
    UNION ALL SELECT 'phase', phase, '', count(*) FROM research_cycles WHERE state = 'running' GROUP BY phase
    UNION ALL SELECT 'cycle_age', '', '', extract(epoch FROM clock_timestamp() - min(created_at))::bigint
      FROM research_cycles WHERE state = 'running' HAVING count(*) > 0
    UNION ALL SELECT 'unsealed', '', '', count(*) FROM audit_logs l
      WHERE l.created_at > clock_timestamp() - interval '1 hour'
        AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.log_id = l.id)
    UNION ALL SELECT 'failure', severity, failure_class, count(*) FROM failures GROUP BY severity, failure_class
    UNION ALL SELECT 'decision', d.decision, a.risk_tier, count(*)
      FROM approval_decisions d JOIN approvals a ON a.id = d.approval_id GROUP BY d.decision, a.risk_tier
    UNION ALL SELECT 'cost', source, model, sum(settled_micro_usd)::bigint
      FROM cost_ledger WHERE settled_micro_usd IS NOT NULL GROUP BY source, model
    UNION ALL SELECT 'pending', '', '', count(*) FROM approvals WHERE state = 'pending'
    UNION ALL SELECT 'pending_age', '', '', extract(epoch FROM clock_timestamp() - min(created_at))::bigint
      FROM approvals WHERE state = 'pending' HAVING count(*) > 0
    UNION ALL SELECT 'delivery', state, '', count(*) FROM webhook_deliveries GROUP BY state
    UNION ALL SELECT 'delivery_age', '', '', extract(epoch FROM clock_timestamp() - min(e.occurred_at))::bigint
      FROM webhook_deliveries d JOIN outbound_events e ON e.id = d.event_id WHERE d.state = 'pending' HAVING count(*) > 0
    UNION ALL SELECT 'tool', status, '', count(*) FROM tool_executions GROUP BY status
    ORDER BY effect, first, second`;
  const of = (effect: EffectRow['effect']) =>
    rows
      .filter((row) => row.effect === effect)
      .map(({ first, second, amount }) => ({ first, second, count: Number(amount) }));
  const one = (effect: EffectRow['effect']) => of(effect)[0]?.count ?? 0;
  return {
    cyclesByState: Object.fromEntries(of('cycle').map(({ first, count }) => [first, count])),
    cycleSeconds: one('cycle_seconds'),
    runningByPhase: Object.fromEntries(of('phase').map(({ first, count }) => [first, count])),
    oldestRunningCycleSeconds: one('cycle_age'),
    unsealedAuditEntries: one('unsealed'),
    failures: of('failure').map(({ first, second, count }) => ({
      severity: first,
      failureClass: second,
      count,
    })),
    approvalDecisions: of('decision').map(({ first, second, count }) => ({
      decision: first,
      tier: second,
      count,
    })),
    costUsd: of('cost').map(({ first, second, count }) => ({
      source: first,
      model: second,
      usd: usdOfMicro(count),
    })),
    pendingApprovals: one('pending'),
    oldestPendingApprovalSeconds: one('pending_age'),
    toolExecutions: of('tool').map(({ first, count }) => ({ status: first, count })),
    webhookDeliveries: Object.fromEntries(of('delivery').map(({ first, count }) => [first, count])),
    oldestPendingDeliverySeconds: one('delivery_age'),
  };
}
