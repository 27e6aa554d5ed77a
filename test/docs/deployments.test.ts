import { judgeWatch, showsHarm } from '../../src/domain/harm-watch';
import type { ReplayedPair } from '../../src/domain/replay';
import { tableIn } from './markdown';

function pairs(fixed: string | undefined, broken: string | undefined): ReplayedPair[] {
  return [
    ...Array.from({ length: Number(fixed) }, () => ({ baseline: 'failed', candidate: 'held' }) as const),
    ...Array.from({ length: Number(broken) }, () => ({ baseline: 'held', candidate: 'failed' }) as const),
  ];
}

describe('docs/deployments.md', () => {
  it('shows the evidence that the code computes', () => {
    const rows = tableIn('docs/deployments.md', 'canaries');
    expect(rows.length).toBeGreaterThan(3);
    for (const [failingFixed, failingBroken, controlsFixed, controlsBroken, ...shown] of rows) {
      const figures = judgeWatch(pairs(failingFixed, failingBroken), pairs(controlsFixed, controlsBroken));
      expect([figures.eValue.toFixed(2), showsHarm(figures) ? 'yes' : 'no']).toEqual(shown);
    }
  });
});
