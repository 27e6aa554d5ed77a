import type { Rate } from './failure';
import { SEVERITIES, severityRank } from './severity';
import type { Severity } from './severity';
import { defaultSeverityOf } from './taxonomy';
import type { FailureType } from './taxonomy';

/** A failure is reliable when its Wilson interval lies at or above this share of runs. */
const RELIABLE_FROM = 0.5;
/** It is rare when its Wilson interval lies below this share of runs. */
const RARE_BELOW = 0.25;
/** Impact at or above this is high. */
const HIGH_IMPACT_FROM = 0.7;
/** Impact at or below this is low. */
const LOW_IMPACT_TO = 0.3;

type Reproduction = 'reliable' | 'unsettled' | 'rare';
type ImpactLevel = 'low' | 'moderate' | 'high';

const STEPS: Readonly<Record<Reproduction, Readonly<Record<ImpactLevel, -1 | 0 | 1>>>> = {
  reliable: { low: 0, moderate: 0, high: 1 },
  unsettled: { low: -1, moderate: 0, high: 0 },
  rare: { low: -1, moderate: -1, high: 0 },
};

export interface GradedFailure {
  readonly failureType: FailureType;
  readonly reproducibility: Rate;
  /** 0 (none) to 1 (worst). */
  readonly impact: number;
}

export interface SeverityGrade {
  readonly severity: Severity;
  /** For people: the figures and the rule that decided. */
  readonly reason: string;
}

/**
 * The severity of a finding: the default of its type, moved by at most one step within S0 to S4.
 *
 * | 95 % Wilson interval of the failure rate | impact ≤ 0.3 | between | impact ≥ 0.7 |
 * | ---------------------------------------- | ------------ | ------- | ------------ |
 * | reliable: all of it at or above 50 %     | same         | same    | one up       |
 * | unsettled: anything else, or no runs     | one down     | same    | same         |
 * | rare: all of it below 25 %               | one down     | one down| same         |
 *
 * It never falls when impact or failure rate rises. One step up takes reproduction and impact together; a few runs
 * cannot do it: three failures in three runs are still unsettled, four in four are reliable.
 */
export function gradeSeverity({ failureType, reproducibility, impact }: GradedFailure): SeverityGrade {
  const byDefault = defaultSeverityOf(failureType);
  const reproduction = reproductionOf(reproducibility);
  const level = impactLevelOf(impact);
  const step = STEPS[reproduction][level];
  const severity = SEVERITIES[severityRank(byDefault) + step] ?? byDefault;
  const facts = `it ${ratePhrase(reproducibility)} (${reproduction}) and its impact is ${impact.toFixed(2)} (${level})`;
  return {
    severity,
    reason: `${failureType} is ${byDefault} by default; ${facts}, which ${outcome(step, byDefault, severity)}.`,
  };
}

function reproductionOf({ low, high }: Rate): Reproduction {
  if (low !== null && low >= RELIABLE_FROM) return 'reliable';
  return high !== null && high < RARE_BELOW ? 'rare' : 'unsettled';
}

function impactLevelOf(impact: number): ImpactLevel {
  if (impact >= HIGH_IMPACT_FROM) return 'high';
  return impact <= LOW_IMPACT_TO ? 'low' : 'moderate';
}

function ratePhrase({ count, n, low, high }: Rate): string {
  if (low === null || high === null) return 'was assessed in no run';
  return `failed in ${count} of ${n} assessed runs, 95 % interval ${percent(low)} to ${percent(high)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function outcome(step: -1 | 0 | 1, byDefault: Severity, severity: Severity): string {
  if (step === 0) return `leaves it at ${severity}`;
  const direction = step > 0 ? 'up' : 'down';
  return severity === byDefault
    ? `would move it one step ${direction}, but ${severity} is the end of the scale`
    : `moves it one step ${direction} to ${severity}`;
}
