import { z } from 'zod';
import { FAILURE_TYPES } from '../../domain/taxonomy';
import { SEVERITIES } from '../../domain/severity';
import { CYCLE_STATES } from '../../domain/cycle';
import { regressionSchema } from '../regressions';

const rate = z.looseObject({
  count: z.number(),
  n: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

const failure = z.looseObject({
  id: z.string(),
  failure_type: z.enum(FAILURE_TYPES),
  severity: z.enum(SEVERITIES),
  trigger: z.string(),
  trigger_signature: z.string(),
  description: z.string(),
  root_cause: z.string(),
  novelty: z.string(),
  reproducibility: rate,
  evidence: z.array(z.looseObject({ quote: z.string() })),
});
export type ReportedFailure = z.infer<typeof failure>;

const experiment = z.looseObject({
  id: z.string(),
  title: z.string(),
  failure_type: z.string(),
  state: z.string(),
  skip_reason: z.string().nullable(),
  detail: z.string().nullable(),
  outcomes: z.looseObject({ failed: z.number(), held: z.number(), unassessed: z.number() }),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});
export type ReportedExperiment = z.infer<typeof experiment>;

/** What files for other programs are made of: an ended cycle as `GET /research/cycles/{id}` answers it. */
export const reportedCycleSchema = z.looseObject({
  id: z.string(),
  target: z.string(),
  state: z.enum(CYCLE_STATES),
  error: z.string().nullable(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
  result: z.looseObject({
    failures: z.array(failure),
    experiments: z.array(experiment),
    regressions: z.array(regressionSchema).optional(),
  }),
});
export type ReportedCycle = z.infer<typeof reportedCycleSchema>;

/** Why the records of a cycle are not all there could be; undefined of one that ended as it should. */
export function brokenOff({ state, error }: ReportedCycle): string | undefined {
  if (state !== 'failed' && state !== 'cancelled') return undefined;
  return error === null ? `the cycle was ${state}` : `the cycle ${state}: ${error}`;
}
