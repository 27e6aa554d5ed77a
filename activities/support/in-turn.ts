/** Runs tasks of the same name one after the other in this process, in the order they came; those of others meanwhile. */
export function createTurns(): <T>(name: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, task) => {
    const turn = Promise.allSettled([last.get(name)]).then(task);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
