import type { ReportCell, ReportTable } from '../domain/report';
import type { PairedComparison } from '../domain/simulation';
import type { InterventionLine, Listed } from '../ports/report-source';
import { omittedOf } from './figures';

/** Interventions with the effect that their replays showed. */
export function interventionTable(interventions: Listed<InterventionLine>): ReportTable {
  return {
    kind: 'table',
    id: 'interventions',
    title: 'Interventions',
    columns: [
      { id: 'name', title: 'Intervention' },
      { id: 'type', title: 'Type' },
      { id: 'risk', title: 'Risk' },
      { id: 'verdict', title: 'Verdict' },
      { id: 'effect', title: 'Effect', unit: 'share' },
      { id: 'low', title: '95 % from', unit: 'share' },
      { id: 'high', title: 'to', unit: 'share' },
      { id: 'pairs', title: 'Pairs', unit: 'count' },
      { id: 'p', title: 'p', unit: 'score' },
      { id: 'control_effect', title: 'On controls', unit: 'share' },
      { id: 'control_pairs', title: 'Pairs', unit: 'count' },
      { id: 'failure', title: 'Failure' },
      { id: 'simulation', title: 'Replay' },
    ],
    rows: interventions.rows.map(row),
    omitted: omittedOf(interventions),
    empty: 'No intervention was designed.',
  };
}

function row({ result, ...line }: InterventionLine): readonly ReportCell[] {
  return [
    line.name,
    line.type,
    line.riskTier,
    result?.verdict ?? line.simulationState ?? 'not replayed',
    ...effectOf(result?.failing),
    result?.controls.effect ?? null,
    result?.controls.pairs ?? null,
    line.failureId,
    line.simulationId,
  ];
}

function effectOf(compared: PairedComparison | undefined): readonly ReportCell[] {
  if (compared === undefined) return [null, null, null, null, null];
  const { effect, effectLow, effectHigh, pairs, pValue } = compared;
  return [effect, effectLow, effectHigh, pairs, pValue];
}
