import type { Command } from 'commander';
import { CYCLE_REQUEST_LIMITS } from '../domain/cycle';
import { dollars, wholeNumber } from './option-values';

/** What a cycle is asked for with. */
export interface CycleRequestOptions {
  readonly focus?: string;
  readonly target?: string;
  readonly maxHypotheses?: number;
  readonly maxExperiments?: number;
  readonly runs?: number;
  readonly replayPairs?: number | 'auto';
  readonly budgetUsd?: number;
  readonly regressions?: boolean;
}

/** The options of a command that asks for cycles; `--regressions` is described by each. */
export function withCycleRequest(command: Command): Command {
  const { maxHypotheses, maxExperiments, runsPerExperiment, replayPairs } = CYCLE_REQUEST_LIMITS;
  const within = (limits: { readonly min: number; readonly max: number }) =>
    wholeNumber(limits.min, limits.max);
  return command
    .option('--focus <text>', 'what to look for; everything when left out')
    .option('--target <name>', 'a configured target; the default one when left out')
    .option('--max-hypotheses <n>', `hypotheses (default ${maxHypotheses.default})`, within(maxHypotheses))
    .option(
      '--max-experiments <n>',
      `per hypothesis (default ${maxExperiments.default})`,
      within(maxExperiments),
    )
    .option(
      '--runs <n>',
      `runs of an experiment (default ${runsPerExperiment.default}); of a known failure, at most (default ${runsPerExperiment.max})`,
      within(runsPerExperiment),
    )
    .option(
      '--replay-pairs <n>',
      `pairs of a replay, or auto: as many as it takes (default ${replayPairs.default})`,
      (text) => (text === 'auto' ? text : within(replayPairs)(text)),
    )
    .option('--budget-usd <amount>', 'the most the cycle may spend', dollars);
}

/** The body of the request, with what was left out undefined. */
export function cycleRequestOf(options: CycleRequestOptions): Record<string, unknown> {
  return {
    focus: options.focus,
    target: options.target,
    max_hypotheses: options.maxHypotheses,
    max_experiments: options.maxExperiments,
    runs_per_experiment: options.runs,
    replay_pairs: options.replayPairs,
    budget_usd: options.budgetUsd,
    regressions: options.regressions,
  };
}
