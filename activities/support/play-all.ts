import { GroupCommit } from './group-commit';
import { mapParallel } from './parallel';
import { notPlayed, play, reservationOf } from './play';
import type { Play, Played, PlaySession } from './play';

export interface PlayOutcome<P extends Play> {
  readonly plan: P;
  readonly played: Played;
}

/**
 * Plays everything the budget admits, `parallel` at once, and records each as soon as it has ended.
 * What the budget has no room for waits for what others give back, and is recorded as unassessed when nothing more does.
 * @returns whether the budget of the cycle or the global one was the reason; a full limit of the step itself is not.
 */
export async function playAll<P extends Play>(
  plans: readonly P[],
  session: PlaySession,
  parallel: number,
  record: (outcomes: readonly PlayOutcome<P>[]) => Promise<void>,
): Promise<{ readonly budgetExhausted: boolean }> {
  const commit = new GroupCommit(record);
  let waiting = plans;
  while (waiting.length > 0) {
    const { admitted, refused, fullScopes } = await reserve(waiting, session);
    if (admitted.length === 0) {
      const detail = `no room in the budget ${fullScopes.join(', ')}`;
      await record(refused.map((plan) => ({ plan, played: notPlayed('budget', detail) })));
      return {
        budgetExhausted: fullScopes.some((scope) => scope === 'global' || scope.startsWith('cycle:')),
      };
    }
    const begun = new Set<string>();
    try {
      await mapParallel(admitted, parallel, async ({ plan, key }) => {
        session.signal.throwIfAborted();
        commit.throwIfFailed();
        begun.add(key);
        commit.add({ plan, played: await play(plan, key, session) });
      });
      await commit.drain();
    } catch (error) {
      await commit.drain();
      const untouched = admitted.filter(({ key }) => !begun.has(key));
      await session.ledger.settle(untouched.map(({ key }) => ({ key, outcome: 'released' })));
      throw error;
    }
    waiting = refused;
  }
  return { budgetExhausted: false };
}

async function reserve<P extends Play>(plans: readonly P[], session: PlaySession) {
  const reservations = await session.reserve(plans.map((plan) => reservationOf(plan, session)));
  const byOperation = new Map(reservations.map((reservation) => [reservation.operation, reservation]));
  const admitted: { readonly plan: P; readonly key: string }[] = [];
  const refused: P[] = [];
  const fullScopes = new Set<string>();
  for (const plan of plans) {
    const reservation = byOperation.get(plan.operation);
    if (reservation?.admitted === true) admitted.push({ plan, key: reservation.key });
    else {
      refused.push(plan);
      if (reservation !== undefined) fullScopes.add(reservation.fullScope);
    }
  }
  return { admitted, refused, fullScopes: [...fullScopes] };
}
