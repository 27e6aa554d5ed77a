import { randomUUID } from 'node:crypto';
import { measureJudge } from '../activities';
import type { CalibrationTerms, JudgedItem } from '../activities';
import { settingsFor } from './config';
import type { Config } from './config';
import { openContainer } from './container';
import { maxAnswerTokensOf } from './researcher-model';
import { DomainError } from './domain/errors';
import type { JudgeCalibration, LabelledSet } from './domain/judge-calibration';

/** A measurement as it was stored. */
export interface StoredCalibration {
  readonly id: string;
  readonly calibration: JudgeCalibration;
  readonly judged: readonly JudgedItem[];
}

export interface CalibrationOptions {
  readonly votes: CalibrationTerms['votes'];
  readonly requestedBy: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Measures the configured judge on a labelled set and stores what came of it; from then on rates that this judge decided
 * are corrected by it. Its calls are paid from the global budget.
 * @throws {DomainError} `invalid_configuration` with the offline researcher; `budget_exceeded`; `not_ready` when it
 *   decided no item of a label, and nothing is stored; what `openContainer` throws.
 */
export async function calibrateJudge(
  config: Config,
  set: LabelledSet,
  { votes, requestedBy, env, signal }: CalibrationOptions,
): Promise<StoredCalibration> {
  const container = await openContainer(config, env);
  try {
    const { llm, ledger, stores } = container;
    if (llm === undefined) {
      throw new DomainError(
        'invalid_configuration',
        'the offline researcher has no judge; configure a model',
      );
    }
    const { mode } = await stores.mode.current();
    const id = randomUUID();
    const parallel = settingsFor(config, mode).experiments.maxParallel;
    const maxAnswerTokens = maxAnswerTokensOf(config);
    const worstCasePrice = config.cost.worstCase;
    const deps = { stores, ledger, worstCasePrice, maxAnswerTokens, onModelCall: () => undefined };
    const measured = await measureJudge(deps, llm, set, { id, votes, mode, parallel }, signal);
    requireDecided(measured.calibration);
    await stores.judgeCalibrations.save(id, measured.calibration, requestedBy);
    return { id, ...measured };
  } finally {
    await container.close();
  }
}

function requireDecided({ sensitivity, specificity, judge }: JudgeCalibration): void {
  if (sensitivity.n > 0 && specificity.n > 0) return;
  const label = sensitivity.n === 0 ? 'failed' : 'held';
  throw new DomainError('not_ready', `${judge} decided no item that is labelled ${label}; nothing is stored`);
}
