import type {
  DiscussedApproval,
  DiscussedBudget,
  DiscussedCycle,
  DiscussedFailure,
  DiscussedIntervention,
  DiscussedRecord,
  DiscussedSimulation,
} from './discussion';
import { usdOfMicro } from './money';
import type { PairedComparison } from './simulation';

/** What the system itself measured or set, in one line: the figures and states that a sentence about the record may use. */
export function factsOf(record: DiscussedRecord): string {
  switch (record.kind) {
    case 'failure':
      return failureFacts(record);
    case 'intervention':
      return interventionFacts(record);
    case 'simulation':
      return simulationFacts(record);
    case 'cycle':
      return cycleFacts(record);
    case 'approval':
      return approvalFacts(record);
    case 'budget':
      return budgetFacts(record);
  }
}

/** References of the records it belongs to. */
export function linksOf(record: DiscussedRecord): readonly string[] {
  switch (record.kind) {
    case 'failure':
      return [`cycle:${record.cycleId}`];
    case 'intervention':
      return [`failure:${record.failureId}`];
    case 'simulation':
      return [`intervention:${record.interventionId}`, `failure:${record.failureId}`];
    case 'cycle':
    case 'approval':
    case 'budget':
      return [];
  }
}

/** What people, models and targets wrote into the record, by name of the field: untrusted. */
export function wordsOf(record: DiscussedRecord): Readonly<Record<string, string>> {
  switch (record.kind) {
    case 'failure': {
      const { trigger, description, rootCause, severityReason, impactReason, quotes } = record;
      return { trigger, description, rootCause, severityReason, impactReason, evidence: quotes.join('\n') };
    }
    case 'intervention':
      return { name: record.name, description: record.description };
    case 'simulation':
    case 'budget':
      return {};
    case 'cycle':
      return { focus: record.focus ?? '', error: record.error ?? '' };
    case 'approval':
      return { description: record.description };
  }
}

/** `2 of 5 assessed runs failed, 40 % (95 % interval 11.8–76.9 %)`. */
export function rateText({ failedRuns, assessedRuns, low, high }: DiscussedFailure): string {
  const share = assessedRuns === 0 ? 'no rate' : `${percent(failedRuns / assessedRuns)} %`;
  return `${failedRuns} of ${assessedRuns} assessed runs failed, ${share} (95 % interval ${percent(low)}–${percent(high)} %)`;
}

/** What one comparison of a replay showed, with its size and interval. */
export function comparisonText(name: string, compared: PairedComparison): string {
  const { pairs, baselineFailed, candidateFailed, fixed, broken, pValue, effect, effectLow, effectHigh } =
    compared;
  if (pairs === 0 || effect === null || effectLow === null || effectHigh === null) {
    return `no assessed pair of ${name} cases`;
  }
  const change = `effect ${percent(effect)} points (95 % interval ${percent(effectLow)} to ${percent(effectHigh)})`;
  return (
    `${pairs} pairs of ${name} cases: ${baselineFailed} failed without and ${candidateFailed} with the change, ` +
    `${fixed} fixed, ${broken} broken, ${change}, p ${figure(pValue)}`
  );
}

/** Dollars; below a cent with all that micro-dollars say. */
export function usdText(micro: number): string {
  const usd = usdOfMicro(micro);
  return `$${usd !== 0 && Math.abs(usd) < 0.01 ? usd.toFixed(6) : usd.toFixed(2)}`;
}

function failureFacts(failure: DiscussedFailure): string {
  const { severity, failureType, failureClass, target, state, novelty, createdAt } = failure;
  return (
    `${severity} ${failureType} (class ${failureClass}) on ${target}, ${state}, ${novelty}: ${rateText(failure)}; ` +
    `recorded ${moment(createdAt)}`
  );
}

function interventionFacts(record: DiscussedIntervention): string {
  const { type, riskTier, isReversible, liveOn } = record;
  const live = liveOn.length === 0 ? 'not live' : `live on ${liveOn.join(' and ')}`;
  const reversible = isReversible ? 'reversible' : 'not reversible';
  return `intervention of type ${type}, risk tier ${riskTier}, ${reversible}, ${live}`;
}

function simulationFacts({ state, result }: DiscussedSimulation): string {
  if (result === null) return `counterfactual replay, ${state}, without a verdict`;
  const { verdict, failing, controls } = result;
  const shown = [comparisonText('failing', failing), comparisonText('passing control', controls)];
  return `counterfactual replay, verdict ${verdict}: ${shown.join('; ')}`;
}

function cycleFacts(cycle: DiscussedCycle): string {
  const { target, state, phase, hypotheses, experiments, failures, interventions } = cycle;
  const made = `${hypotheses} hypotheses, ${experiments} experiments, ${failures} failures, ${interventions} interventions`;
  const ended = cycle.endedAt === null ? '' : `, ended ${moment(cycle.endedAt)}`;
  return (
    `research cycle on ${target}, ${state}, phase ${phase}: ${made}, ${usdText(cycle.spentMicroUsd)} spent; ` +
    `began ${moment(cycle.createdAt)}${ended}`
  );
}

function approvalFacts(approval: DiscussedApproval): string {
  const { actionType, riskTier, severity, state, mode, createdAt, deadlineAt } = approval;
  const deadline = deadlineAt === null ? 'no deadline' : `deadline ${moment(deadlineAt)}`;
  return (
    `approval of ${actionType} in ${mode} mode, ${state}: tier ${riskTier}, severity ${severity}, estimated cost ` +
    `${usdText(approval.estimatedCostMicroUsd)}, asked ${moment(createdAt)}, ${deadline}`
  );
}

function budgetFacts(budget: DiscussedBudget): string {
  const { scope, period, periodStart, limitMicroUsd, settledMicroUsd, reservedMicroUsd, bySource } = budget;
  const limit = limitMicroUsd === null ? 'no limit' : `of ${usdText(limitMicroUsd)}`;
  const sources = bySource.map(({ source, micro, calls }) => `${source} ${usdText(micro)} in ${calls} calls`);
  return (
    `budget ${scope}, ${period} since ${moment(periodStart)}: ${usdText(settledMicroUsd)} spent and ` +
    `${usdText(reservedMicroUsd)} reserved, ${limit}${sources.length === 0 ? '' : `; ${sources.join(', ')}`}`
  );
}

/** A share in per cent, with one decimal at most. */
function percent(share: number): string {
  return String(Number((share * 100).toFixed(1)));
}

/** How large it is, to three significant digits, never in powers of ten. */
function figure(value: number): string {
  if (value !== 0 && value < 0.0001) return '< 0.0001';
  return `= ${Number(value.toPrecision(3))}`;
}

/** To the minute, UTC. */
function moment(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
