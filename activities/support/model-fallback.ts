import { log } from '@temporalio/activity';
import { DomainError } from '../../src/domain/errors';
import { createOfflineResearcher } from '../../src/researcher/offline';
import type { Researcher } from '../../src/researcher/researcher';
import { BudgetExhausted } from './budget-exhausted';

/** It puts into words what was found, for which it needs no experiments. */
const STAND_IN = createOfflineResearcher({ families: [], version: 'none' });

export interface Answer<T> {
  readonly value: T;
  /** Whether it was for want of money that no model was asked. */
  readonly budgetExhausted: boolean;
}

/**
 * Asks the configured researcher and, when there is no money or no usable answer, the offline one, whose texts say that
 * no model wrote them: what was found by then is too dear to be lost for want of words.
 */
export async function withFallback<T>(
  researcher: Researcher,
  ask: (researcher: Researcher) => Promise<T>,
): Promise<Answer<T>> {
  try {
    return { value: await ask(researcher), budgetExhausted: false };
  } catch (error) {
    const budgetExhausted = error instanceof BudgetExhausted;
    const unusable = error instanceof DomainError && error.code === 'model_output_invalid';
    if (!unusable && !budgetExhausted) throw error;
    log.warn('the offline researcher stands in for the model', { reason: error.message });
    return { value: await ask(STAND_IN), budgetExhausted };
  }
}
