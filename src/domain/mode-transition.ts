import type { Mode } from './mode';

/** Where each mode may lead; between lab and production there is no direct way. */
const WAYS: Readonly<Record<Mode, readonly Mode[]>> = {
  lab: ['shadow'],
  shadow: ['production', 'lab'],
  production: ['shadow'],
};

/** What a transition depends on, read at the moment it is judged. */
export interface TransitionFacts {
  readonly completedCycles: number;
  /** Undefined when the database's schema is that of this version; else what is wrong with it. */
  readonly migrationProblem: string | undefined;
  /** Signatures whose latest failure is an S4 that nobody has resolved. */
  readonly unresolvedS4: number;
  readonly improvedSimulations: number;
}

/** Away from production, or to where nothing is touched: needs neither preconditions nor approval. */
export function isTowardsSafety(from: Mode, to: Mode): boolean {
  return (from === 'production' && to === 'shadow') || (from === 'shadow' && to === 'lab');
}

/** Why a transition is not allowed, all reasons at once; undefined when it is. */
export function blockedReason(from: Mode, to: Mode, facts: TransitionFacts): string | undefined {
  if (from === to) return `the mode is ${to} already`;
  if (!WAYS[from].includes(to)) return `${from} leads to ${WAYS[from].join(' or ')}, not to ${to}`;
  const reasons = missing(to, facts).filter((reason) => !isTowardsSafety(from, to) && reason !== undefined);
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function missing(to: Mode, facts: TransitionFacts): (string | undefined)[] {
  if (to === 'shadow') {
    return [
      facts.completedCycles > 0 ? undefined : 'no research cycle has been completed yet',
      facts.migrationProblem,
    ];
  }
  return [
    facts.unresolvedS4 === 0
      ? undefined
      : `${facts.unresolvedS4} failure(s) of severity S4 are not resolved (tinman failures list --filter severity=S4)`,
    facts.improvedSimulations > 0
      ? undefined
      : 'no simulation has shown an intervention to improve anything yet',
  ];
}
