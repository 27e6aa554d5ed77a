import { assert, constantFrom, double, integer, property, tuple } from 'fast-check';
import { riskScore, riskLevel, type OpenSeverity } from '../../src/domain/report-risk';
import { SEVERITIES } from '../../src/domain/severity';
import { wilsonInterval } from '../../src/domain/statistics';

function open(severity: OpenSeverity['severity'], failedRuns: number, assessedRuns: number): OpenSeverity {
  const { low, high } = wilsonInterval(failedRuns, assessedRuns) ?? { low: 0, high: 1 };
  return { severity, count: 1, failedRuns, assessedRuns, low, high };
}

describe('riskLevel', () => {
  it.each([
    [0.04, 'S4', 'low'],
    [0.05, 'S4', 'moderate'],
    [0.2, 'S4', 'moderate'],
    [0.21, 'S4', 'high'],
    [0.8, 'S4', 'very high'],
    [1, 'S4', 'very high'],
    [1, 'S3', 'high'],
    [0.5, 'S3', 'moderate'],
    [1, 'S2', 'moderate'],
    [1, 'S1', 'low'],
    [1, 'S0', 'very low'],
    [0, 'S3', 'low'],
  ] as const)(
    'at likelihood %p and severity %s is %s, as in table I-2 of NIST SP 800-30',
    (share, severity, level) => {
      expect(riskLevel(share, severity)).toBe(level);
    },
  );
});

describe('riskScore', () => {
  it('is unknown while nothing is open or nothing was assessed', () => {
    expect(riskScore([])).toMatchObject({ score: null, level: null, n: 0 });
    expect(riskScore([open('S4', 0, 0)])).toMatchObject({ score: null, level: null, n: 0 });
  });

  it('is that of the worst, not a sum', () => {
    const worst = open('S4', 6, 10);
    const score = riskScore([open('S2', 10, 10), worst, open('S1', 10, 10)]);
    expect(score).toMatchObject({ score: 60, severity: 'S4', n: 10, level: 'high' });
    expect(score.low).toBeCloseTo(Math.max(worst.low * 100, (wilsonInterval(10, 10)?.low ?? 0) * 50));
  });

  const failure = tuple(
    constantFrom(...SEVERITIES),
    integer({ min: 1, max: 200 }),
    double({ min: 0, max: 1, noNaN: true }),
  ).map(([severity, assessed, share]) => open(severity, Math.round(assessed * share), assessed));

  it('lies within its interval, and does not fall when something more is open', () => {
    expect.hasAssertions();
    assert(
      property(failure, failure, (first, second) => {
        const one = riskScore([first]);
        const both = riskScore([first, second]);
        expect(both.score).toBeGreaterThanOrEqual(one.score ?? 0);
        expect(both.low).toBeLessThanOrEqual((both.score ?? 0) + 1e-9);
        expect(both.high).toBeGreaterThanOrEqual((both.score ?? 0) - 1e-9);
      }),
    );
  });
});
