import { Admission } from './admission';
import { GroupCommit } from './group-commit';
import { playJudged } from './judged-play';
import { mapParallel } from './parallel';
import { notPlayed } from './play';
import type { Play, Played, PlaySession } from './play';

/** Rounds of plays that may have ended and not be written: a kill repeats them. */
const UNWRITTEN_ROUNDS = 2;

export interface PlayOutcome<P extends Play> {
  readonly plan: P;
  readonly played: Played;
}

/**
 * Plays everything the budget admits, `parallel` at once, and records each as soon as it has ended.
 * What the budget has no room for waits for what others give back, and is recorded as unassessed when nothing more does.
 * @returns whether a budget beyond the step was the reason; a full limit of the step itself is not.
 */
export async function playAll<P extends Play>(
  plans: readonly P[],
  session: PlaySession,
  parallel: number,
  record: (outcomes: readonly PlayOutcome<P>[]) => Promise<void>,
): Promise<{ readonly budgetExhausted: boolean }> {
  let waiting = plans;
  while (waiting.length > 0) {
    const admission = new Admission(waiting, session, parallel);
    await playAdmitted(waiting, admission, session, parallel, record);
    waiting = [...admission.refused];
    if (waiting.length > 0 && !admission.admitsAny) {
      const fullScopes = [...admission.fullScopes];
      const detail = `no room in the budget ${fullScopes.join(', ')}`;
      await record(waiting.map((plan) => ({ plan, played: notPlayed('budget', detail) })));
      return { budgetExhausted: fullScopes.some((scope) => scope !== session.stepScope) };
    }
  }
  return { budgetExhausted: false };
}

async function playAdmitted<P extends Play>(
  plans: readonly P[],
  admission: Admission<P>,
  session: PlaySession,
  parallel: number,
  record: (outcomes: readonly PlayOutcome<P>[]) => Promise<void>,
): Promise<void> {
  const commit = new GroupCommit(record, parallel * UNWRITTEN_ROUNDS);
  try {
    await mapParallel(plans, parallel, async (plan, index) => {
      const key = await admission.keyOf(index);
      if (key === undefined) return;
      session.signal.throwIfAborted();
      session.draining.throwIfAborted();
      commit.throwIfFailed();
      admission.begin(key);
      await commit.add({ plan, played: await playJudged(plan, key, session) });
    });
    await commit.drain();
  } catch (error) {
    // What cannot be written now is found open by the next attempt, and counted as spent.
    await commit.drain().catch(() => undefined);
    await admission.release().catch(() => undefined);
    throw error;
  }
}
