import { z } from 'zod';
import { CYCLE_PHASES, CYCLE_STATES, type CycleProgress } from '../domain/cycle';
import { MODES } from '../domain/mode';
import { usdOfMicro } from '../domain/money';

const count = z.int().min(0);

export const Progress = z
  .object({
    id: z.guid(),
    workflow_id: z.string(),
    state: z.enum(CYCLE_STATES),
    paused: z.boolean(),
    phase: z.enum(CYCLE_PHASES),
    mode: z.enum(MODES),
    hypotheses: count,
    experiments_done: count,
    experiments_total: count,
    runs_done: count,
    failures: count,
    interventions: count,
    simulations: count,
    pending_approvals: count,
    spent_usd: z.number().min(0).describe('Settled by the ledger.'),
    held_usd: z.number().min(0).describe('Reserved for calls under way.'),
  })
  .meta({ id: 'Progress' });

/** A cycle's progress as the API shows it. */
export function presentProgress(progress: CycleProgress): z.infer<typeof Progress> {
  return {
    id: progress.id,
    workflow_id: progress.workflowId,
    state: progress.state,
    paused: progress.paused,
    phase: progress.phase,
    mode: progress.mode,
    hypotheses: progress.hypotheses,
    experiments_done: progress.experimentsDone,
    experiments_total: progress.experimentsTotal,
    runs_done: progress.runsDone,
    failures: progress.failures,
    interventions: progress.interventions,
    simulations: progress.simulations,
    pending_approvals: progress.pendingApprovals,
    spent_usd: usdOfMicro(progress.spentMicroUsd),
    held_usd: usdOfMicro(progress.heldMicroUsd),
  };
}
