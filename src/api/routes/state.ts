import { z } from 'zod';
import { MODES } from '../../domain/mode';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';
import { timestamp } from '../schemas';

const count = z.int().min(0);

const Status = z
  .object({
    mode: z.enum(MODES),
    session_id: z.string(),
    started_at: timestamp,
    hypotheses_generated: count,
    experiments_run: count,
    failures_discovered: count,
    interventions_proposed: count,
    current_focus: z.string().nullable(),
    pending_approvals: count,
    approval_stats: z.object({
      approved: count,
      rejected: count,
      expired: count,
      pending: count,
      cancelled: count,
    }),
    active_cycles: count,
    has_llm: z.boolean(),
  })
  .meta({ id: 'Status' });

/** `/status`. */
export function stateRoutes(deps: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/status',
      tag: 'service',
      access: 'viewer',
      summary: 'What Tinman has done so far and what it is at.',
      responses: { 200: { description: 'The state.', schema: Status } },
      handler: async () => ({ status: 200, body: await readStatus(deps) }),
    }),
  ];
}

async function readStatus(deps: ApiDeps): Promise<z.infer<typeof Status>> {
  const [current, counts] = await Promise.all([deps.mode.current(), deps.records.status()]);
  return {
    mode: current.mode,
    session_id: deps.identity.sessionId,
    started_at: deps.identity.startedAt.toISOString(),
    hypotheses_generated: counts.hypothesesGenerated,
    experiments_run: counts.experimentsRun,
    failures_discovered: counts.failuresDiscovered,
    interventions_proposed: counts.interventionsProposed,
    current_focus: counts.currentFocus,
    pending_approvals: counts.pendingApprovals,
    approval_stats: counts.approvalStats,
    active_cycles: counts.activeCycles,
    has_llm: deps.health.llmConfigured,
  };
}
