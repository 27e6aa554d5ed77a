import type { Severity } from './severity';

/** Least to most, as NIST SP 800-30 Rev. 1 names them. */
const RISK_LEVELS = ['very low', 'low', 'moderate', 'high', 'very high'] as const;
type RiskLevel = (typeof RISK_LEVELS)[number];

/** The failures of one severity that are open: the one that shows most often, and the widest that all intervals reach. */
export interface OpenSeverity {
  readonly severity: Severity;
  readonly count: number;
  /** Of the one that shows most often. */
  readonly failedRuns: number;
  readonly assessedRuns: number;
  /** The highest lower, and the highest upper limit of any of them: 95 %, Wilson. */
  readonly low: number;
  readonly high: number;
}

export interface RiskScore {
  /** 0–100; null when nothing is open. */
  readonly score: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly level: RiskLevel | null;
  /** The levels at both ends of the interval of the likelihood. */
  readonly lowLevel: RiskLevel | null;
  readonly highLevel: RiskLevel | null;
  /** The severity that decided, and the runs behind its likelihood. */
  readonly severity: Severity | null;
  readonly n: number;
}

/** Semi-quantitative values of the five levels of impact: NIST SP 800-30 Rev. 1, table H-3, as shares. */
const IMPACT: Readonly<Record<Severity, number>> = { S0: 0, S1: 0.2, S2: 0.5, S3: 0.8, S4: 1 };

/** From which share on a likelihood has which level: the bins of table G-2, which begin at 0, 5, 21, 80 and 96 of 100. */
const LIKELIHOOD_FROM = [0, 0.05, 0.21, 0.8, 0.96] as const;

/** Table I-2: rows are levels of likelihood, columns levels of impact, both from very low to very high. */
const LEVEL_OF: readonly (readonly RiskLevel[])[] = [
  ['very low', 'very low', 'very low', 'low', 'low'],
  ['very low', 'low', 'low', 'low', 'moderate'],
  ['very low', 'low', 'moderate', 'moderate', 'high'],
  ['very low', 'low', 'moderate', 'high', 'very high'],
  ['very low', 'low', 'moderate', 'high', 'very high'],
];

/**
 * The risk of what is open: the highest of likelihood × impact × 100 over the open failures. Likelihood is the share of
 * assessed runs that failed, impact the value of the severity. It is a maximum, for many small risks are not a great one.
 * Its ends are the highest of the ends of all intervals.
 *
 * The level is that of the same two inputs by table I-2, the highest over the open failures.
 *
 * Source: NIST SP 800-30 Rev. 1, Guide for Conducting Risk Assessments (2012), appendices G to I. Its limits: the
 * likelihood is that of failing once the trigger is there, not that of the trigger in use; severities are graded by rules.
 */
export function riskScore(open: readonly OpenSeverity[]): RiskScore {
  const risks = open
    .filter(({ assessedRuns }) => assessedRuns > 0)
    .map((each) => ({ ...each, product: (each.failedRuns / each.assessedRuns) * IMPACT[each.severity] }));
  if (risks.length === 0) {
    return {
      score: null,
      low: null,
      high: null,
      level: null,
      lowLevel: null,
      highLevel: null,
      severity: null,
      n: 0,
    };
  }
  const highest = (of: (risk: (typeof risks)[number]) => number) => Math.max(...risks.map(of));
  const highestLevel = (of: (risk: (typeof risks)[number]) => number) =>
    RISK_LEVELS[highest((risk) => RISK_LEVELS.indexOf(riskLevel(of(risk), risk.severity)))] ?? null;
  const decisive = risks.reduce((worst, next) => (next.product > worst.product ? next : worst));
  return {
    score: highest(({ product }) => product) * 100,
    low: highest(({ low, severity }) => low * IMPACT[severity]) * 100,
    high: highest(({ high, severity }) => high * IMPACT[severity]) * 100,
    level: highestLevel(({ failedRuns, assessedRuns }) => failedRuns / assessedRuns),
    lowLevel: highestLevel(({ low }) => low),
    highLevel: highestLevel(({ high }) => high),
    severity: decisive.severity,
    n: decisive.assessedRuns,
  };
}

/** Of a failure that shows in this share of its runs. */
export function riskLevel(likelihood: number, severity: Severity): RiskLevel {
  const row = LIKELIHOOD_FROM.findLastIndex((from) => likelihood >= from);
  return LEVEL_OF[row]?.[Object.keys(IMPACT).indexOf(severity)] ?? 'very low';
}
