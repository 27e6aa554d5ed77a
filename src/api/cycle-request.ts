import { z } from 'zod';
import { CYCLE_REQUEST_LIMITS, type CycleRequest } from '../domain/cycle';
import { microOfUsd } from '../domain/money';
import { text } from './schemas';

const within = ({ min, max, default: value }: { min: number; max: number; default: number }) =>
  z.int().min(min).max(max).default(value);

const runs = CYCLE_REQUEST_LIMITS.runsPerExperiment;
const { min, max, default: usualPairs } = CYCLE_REQUEST_LIMITS.replayPairs;
const replayPairs = z
  .union([z.literal('auto'), z.int().min(min).max(max)], {
    error: `Expected "auto" or a whole number from ${min} to ${max}.`,
  })
  .default(usualPairs);

/** What a cycle is asked for with. */
export const CycleBody = z
  .strictObject({
    focus: text(2_000).nullish().describe('What to look for; everything when absent.'),
    target: text(200).min(1).optional().describe("A configured target; the server's default when absent."),
    max_hypotheses: within(CYCLE_REQUEST_LIMITS.maxHypotheses),
    max_experiments: within(CYCLE_REQUEST_LIMITS.maxExperiments).describe('Experiments per hypothesis.'),
    runs_per_experiment: z
      .int()
      .min(runs.min)
      .max(runs.max)
      .optional()
      .describe(
        `${runs.default} when absent; with \`regressions\`, the most runs of a known failure, ${runs.max} when absent.`,
      ),
    replay_pairs: replayPairs.describe(
      'Pairs of a replay; five can never show an effect. `auto`: as many as it takes to show a change that removes 80 % of the failure, within the budget.',
    ),
    budget_usd: z.number().min(0).max(1_000_000).nullish().describe('The most the cycle may spend.'),
    regressions: z
      .boolean()
      .default(false)
      .describe(
        'Replays every known failure of the target and looks for nothing new; hypotheses, experiments and replays then play no part.',
      ),
  })
  .refine(({ focus, regressions }) => focus == null || !regressions, {
    path: ['focus'],
    error: 'Every known failure is replayed; there is nothing to focus on.',
  })
  .meta({ id: 'CycleRequest' });

/** The request with every default applied. */
export function toCycleRequest(body: z.output<typeof CycleBody>, defaultTarget: string): CycleRequest {
  return {
    focus: body.focus ?? null,
    target: body.target ?? defaultTarget,
    maxHypotheses: body.max_hypotheses,
    maxExperiments: body.max_experiments,
    runsPerExperiment: body.runs_per_experiment ?? (body.regressions ? runs.max : runs.default),
    replayPairs: body.replay_pairs,
    budgetMicroUsd: body.budget_usd == null ? null : microOfUsd(body.budget_usd),
    ...(body.regressions ? { regressions: true } : {}),
  };
}
