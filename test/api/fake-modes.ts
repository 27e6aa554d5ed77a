import { DomainError } from '../../src/domain/errors';
import type { Mode } from '../../src/domain/mode';
import { blockedReason } from '../../src/domain/mode-transition';
import type { TransitionAnswer } from '../../src/ports/mode-gateway';

/** What a gateway would answer when all preconditions hold: into production it waits for a person. */
export function transitionAnswer(from: Mode, to: Mode, approvalId: string): TransitionAnswer {
  const blocked = blockedReason(from, to, {
    completedCycles: 1,
    migrationProblem: undefined,
    unresolvedS4: 0,
    improvedSimulations: 1,
  });
  if (blocked !== undefined) {
    throw new DomainError('transition_not_allowed', blocked, { blockedReason: blocked });
  }
  if (to === 'production') {
    return { state: 'waiting', from, to, message: 'waits', approvalId, workflowId: 'mode-transition' };
  }
  return { state: 'done', from, to, message: `the mode is ${to} now` };
}
