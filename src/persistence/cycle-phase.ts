import { CYCLE_PHASES } from '../domain/cycle';
import type { CyclePhase } from '../domain/cycle';
import type { Prisma } from './generated/client';

/**
 * Moves running cycles forward to a phase, never backward. It is the first statement of its transaction: everyone
 * locks the cycle before its experiments, simulations and approvals, so that no two writes wait for each other.
 */
export async function advancePhase(
  tx: Prisma.TransactionClient,
  cycle: Prisma.ResearchCycleWhereInput,
  phase: CyclePhase,
): Promise<void> {
  await tx.researchCycle.updateMany({
    where: { ...cycle, state: 'running', phase: { in: phasesBefore(phase) } },
    data: { phase },
  });
}

export function phasesBefore(phase: CyclePhase): CyclePhase[] {
  return CYCLE_PHASES.slice(0, CYCLE_PHASES.indexOf(phase));
}
