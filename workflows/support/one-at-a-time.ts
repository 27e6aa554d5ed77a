/**
 * Has local activities of one workflow wait for each other. When several are under way at once, a replay finds their
 * results together in one workflow task, and what follows from each may then come in another order than it did: the SDK
 * numbers commands as they come, and refuses the history.
 */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
