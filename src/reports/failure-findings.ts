import type { ReportEvidence, ReportFigure, ReportFinding } from '../domain/report';
import type { FailureDetail, InterventionLine, TechnicalData } from '../ports/report-source';
import { catalogueIdsOf } from '../domain/taxonomy-references';
import { cutToBytes } from '../domain/text-size';
import type { FollowUpReport } from '../domain/trigger-report';

const QUOTES = 5;
/** Of one quote or stimulus. */
const LONGEST_BYTES = 2_000;
/** Of what stands in a title, in bytes. */
const LONGEST_NAME = 200;

type Fact = ReportFinding['facts'][number];

/** Failures in full, with their evidence and the interventions against them. */
export function findingsOf({
  details,
  detailInterventions,
}: Pick<TechnicalData, 'details' | 'detailInterventions'>): readonly ReportFinding[] {
  return details.rows.map((failure) =>
    toFinding(
      failure,
      detailInterventions.filter(({ failureId }) => failureId === failure.id),
    ),
  );
}

function toFinding(failure: FailureDetail, interventions: readonly InterventionLine[]): ReportFinding {
  const { followUp } = failure;
  return {
    id: failure.id,
    title: `${failure.failureType.replaceAll('_', ' ')}: ${cut(failure.trigger, LONGEST_NAME)}`,
    tone: failure.severity,
    mark: failure.severity,
    figures: [rateFigure(failure), ...(followUp === null ? [] : followUpFigures(followUp))],
    facts: [
      { label: 'What happens', value: failure.description },
      { label: 'Root cause', value: failure.rootCause },
      { label: 'Trigger', value: failure.trigger },
      { label: 'Target', value: failure.target },
      { label: 'OWASP LLM Top 10', value: catalogueIdsOf(failure.failureType).owasp.join(', ') },
      { label: 'MITRE ATLAS', value: catalogueIdsOf(failure.failureType).atlas.join(', ') },
      { label: 'Severity', value: `${failure.severity}: ${failure.severityReason}` },
      { label: 'Impact', value: failure.impactReason },
      { label: 'State', value: `${failure.state.replaceAll('_', ' ')}, ${MEMORY[failure.novelty]}` },
      { label: 'Assessed by', value: failure.assessedBy },
      ...(followUp === null ? [] : stimulusFacts(followUp)),
      ...interventions.map(interventionFact),
      { label: 'Cycle', value: failure.cycleId },
      { label: 'Failed runs', value: failure.runIds.join(', ') },
    ].filter(({ value }) => value !== ''),
    evidence: failure.evidence.slice(0, QUOTES).map((each) => evidence(failure, each)),
    evidenceOmitted: Math.max(0, failure.evidence.length - QUOTES),
  };
}

const MEMORY = {
  new: 'not known before',
  seen: 'known from an earlier cycle',
  regressed: 'back after it was resolved',
} as const;

function rateFigure({ failedRuns, assessedRuns, low, high }: FailureDetail): ReportFigure {
  return {
    id: 'rate',
    label: 'Fails in',
    value: failedRuns / assessedRuns,
    unit: 'share',
    n: assessedRuns,
    low,
    high,
    note: `${failedRuns} of ${assessedRuns} assessed runs`,
  };
}

function followUpFigures({ minimalStimulus: { verified }, reproducibility }: FollowUpReport): ReportFigure[] {
  const figure = (id: string, label: string, rate: FollowUpReport['reproducibility']): ReportFigure => ({
    id,
    label,
    value: rate.value,
    unit: 'share',
    n: rate.n,
    low: rate.low,
    high: rate.high,
  });
  return [
    ...(verified === null ? [] : [figure('verified', 'The shortest stimulus, played anew', verified)]),
    figure('varied', 'Varied', reproducibility),
  ];
}

function stimulusFacts({ minimalStimulus, summary }: FollowUpReport): readonly Fact[] {
  const { systemPrompt, turns, documents, tools, bytes, originalBytes, reduced } = minimalStimulus;
  const said = [
    ...(systemPrompt === null ? [] : [`system: ${systemPrompt}`]),
    ...turns.map((turn) => `user: ${turn}`),
    ...documents.map(({ title }) => `document: ${title}`),
    ...(tools.length === 0 ? [] : [`tools: ${tools.join(', ')}`]),
  ].join('\n');
  return [
    { label: 'What it takes', value: summary },
    {
      label: reduced ? `Shortest stimulus, ${bytes} of ${originalBytes} bytes` : 'Stimulus',
      value: cut(said),
    },
  ];
}

function interventionFact({ name, result, simulationState, simulationId }: InterventionLine): Fact {
  const shown = result === null ? (simulationState ?? 'not replayed') : `${result.verdict}: ${result.reason}`;
  const effect = result?.failing;
  const figures =
    effect === undefined || effect.effect === null
      ? ''
      : ` (effect ${points(effect.effect)}, 95 % ${points(effect.effectLow)} to ${points(effect.effectHigh)}, ` +
        `${effect.pairs} pairs, p ${effect.pValue.toPrecision(2)})`;
  const replay = simulationId === null ? '' : `, simulations/${simulationId}`;
  return { label: `Intervention "${cut(name, LONGEST_NAME)}"`, value: `${shown}${figures}${replay}` };
}

function points(share: number | null): string {
  return share === null ? '?' : `${Math.round(share * 100)} points`;
}

function evidence(
  failure: FailureDetail,
  { quote, explanation }: FailureDetail['evidence'][number],
): ReportEvidence {
  return { source: `failures/${failure.id}`, quote: cut(quote), explanation };
}

function cut(text: string, longest = LONGEST_BYTES): string {
  const shown = cutToBytes(text, longest);
  return shown.length === text.length ? text : `${shown}…`;
}
