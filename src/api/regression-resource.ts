import { z } from 'zod';
import { FAILURE_STATES } from '../domain/failure';
import { REGRESSION_VERDICTS } from '../domain/regression';
import { SEVERITIES } from '../domain/severity';
import { count, rate, Rate } from './rate-resource';

/** A known failure that a cycle replayed. */
export const Regression = z
  .looseObject({
    failure_id: z.guid().describe('The known failure, as it was last found before this cycle.'),
    trigger_signature: z.string(),
    failure_type: z.string(),
    severity: z.enum(SEVERITIES),
    trigger: z.string(),
    was: z.enum(FAILURE_STATES),
    verdict: z
      .enum(REGRESSION_VERDICTS)
      .nullable()
      .describe('Null while it is under way, and where the cycle ended before it.'),
    chance_unseen: rate
      .nullable()
      .describe('How likely so many runs all hold at the lowest rate of its record; null unless all held.'),
    recorded: Rate.describe('Its rate when it was last found.'),
    observed: Rate.describe('Over the assessed runs of this cycle.'),
    unassessed: count,
    runs_permitted: count.nullable().describe('As many of the runs asked for as the mode permits.'),
    size: z.looseObject({
      runs: count,
      chosen_by: z.enum(['power', 'request', 'budget', 'limit']),
      power: rate.describe('The chance that a run fails at the lowest rate of its record.'),
    }),
    reason: z
      .string()
      .nullable()
      .describe('Why it was not replayed, or why most of its unassessed runs were not assessed.'),
    experiment_id: z.guid(),
    found_as: z.guid().nullable().describe('The failure of this cycle, where it showed again.'),
  })
  .meta({ id: 'Regression' });
