import { MODES, type Mode } from '../../src/domain/mode';
import { blockedReason, isTowardsSafety } from '../../src/domain/mode-transition';

const READY = { completedCycles: 1, migrationProblem: undefined, unresolvedS4: 0, improvedSimulations: 1 };
const ALLOWED: readonly (readonly [Mode, Mode])[] = [
  ['lab', 'shadow'],
  ['shadow', 'production'],
  ['shadow', 'lab'],
  ['production', 'shadow'],
];
const PAIRS = MODES.flatMap((from) => MODES.map((to) => [from, to] as const));

describe('a mode transition', () => {
  it.each(PAIRS)('from %s to %s is allowed or not by the table', (from, to) => {
    const allowed = ALLOWED.some(([a, b]) => a === from && b === to);
    expect(blockedReason(from, to, READY) === undefined).toBe(allowed);
  });

  it('needs no facts towards safety', () => {
    const nothing = { completedCycles: 0, migrationProblem: 'old', unresolvedS4: 3, improvedSimulations: 0 };
    const free = PAIRS.filter(([from, to]) => blockedReason(from, to, nothing) === undefined);
    expect(free).toEqual([
      ['shadow', 'lab'],
      ['production', 'shadow'],
    ]);
    expect(free.every(([from, to]) => isTowardsSafety(from, to))).toBe(true);
  });

  it('names everything that is missing', () => {
    expect(blockedReason('lab', 'shadow', { ...READY, completedCycles: 0, migrationProblem: 'run it' })).toBe(
      'no research cycle has been completed yet; run it',
    );
    const reason = blockedReason('shadow', 'production', {
      ...READY,
      unresolvedS4: 2,
      improvedSimulations: 0,
    });
    expect(reason).toContain('2 failure(s) of severity S4');
    expect(reason).toContain('no simulation');
  });
});
