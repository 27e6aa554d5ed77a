import { CYCLE_PHASES, CYCLE_STATES } from '../domain/cycle';
import { MODES } from '../domain/mode';
import { member, money } from './columns';
import { Prisma } from './generated/client';
import type { CycleProgress } from '../domain/cycle';

/**
 * What a cycle `c` amounts to so far. Experiments and simulations count as done when they have ended, skipped ones too;
 * spent is what the ledger settled, calls of unknown bill at their reservation; held is reserved for calls under way.
 */
export const CYCLE_FIGURES = Prisma.sql`
  (SELECT count(*)::int FROM hypotheses h WHERE h.cycle_id = c.id) AS hypotheses,
  (SELECT count(*)::int FROM experiments e WHERE e.cycle_id = c.id) AS experiments,
  (SELECT count(*)::int FROM experiments e WHERE e.cycle_id = c.id AND e.ended_at IS NOT NULL) AS experiments_done,
  (SELECT count(*)::int FROM experiment_runs r WHERE r.cycle_id = c.id) AS runs_done,
  (SELECT count(*)::int FROM failures f WHERE f.cycle_id = c.id) AS failures,
  (SELECT count(*)::int FROM failures f JOIN interventions i ON i.failure_id = f.id WHERE f.cycle_id = c.id)
    AS interventions,
  (SELECT count(*)::int FROM simulations s WHERE s.cycle_id = c.id AND s.ended_at IS NOT NULL) AS simulations,
  (SELECT count(*)::int FROM approvals a WHERE a.cycle_id = c.id AND a.state = 'pending') AS pending_approvals,
  (SELECT coalesce(sum(l.settled_micro_usd), 0)::bigint FROM cost_ledger l WHERE l.cycle_id = c.id)
    AS spent_micro_usd,
  (SELECT coalesce(sum(l.reserved_micro_usd), 0)::bigint FROM cost_ledger l
    WHERE l.cycle_id = c.id AND l.state = 'reserved') AS held_micro_usd`;

interface ProgressRow {
  readonly workflow_id: string;
  readonly state: string;
  readonly paused: boolean;
  readonly phase: string;
  readonly start_mode: string;
  readonly hypotheses: number;
  readonly experiments: number;
  readonly experiments_done: number;
  readonly runs_done: number;
  readonly failures: number;
  readonly interventions: number;
  readonly simulations: number;
  readonly pending_approvals: number;
  readonly spent_micro_usd: bigint;
  readonly held_micro_usd: bigint;
}

/** The state of a cycle at one moment, in one statement; undefined when there is no such cycle. */
export async function readProgress(
  db: Prisma.TransactionClient,
  cycleId: string,
): Promise<CycleProgress | undefined> {
  const [row] = await db.$queryRaw<ProgressRow[]>`
    SELECT c.workflow_id, c.state, c.paused, c.phase, c.start_mode, ${CYCLE_FIGURES}
    FROM research_cycles c WHERE c.id = ${cycleId}::uuid`;
  if (row === undefined) return undefined;
  return {
    id: cycleId,
    workflowId: row.workflow_id,
    state: member(CYCLE_STATES, row.state),
    paused: row.paused,
    phase: member(CYCLE_PHASES, row.phase),
    mode: member(MODES, row.start_mode),
    hypotheses: row.hypotheses,
    experimentsDone: row.experiments_done,
    experimentsTotal: row.experiments,
    runsDone: row.runs_done,
    failures: row.failures,
    interventions: row.interventions,
    simulations: row.simulations,
    pendingApprovals: row.pending_approvals,
    spentMicroUsd: money(row.spent_micro_usd),
    heldMicroUsd: money(row.held_micro_usd),
  };
}
