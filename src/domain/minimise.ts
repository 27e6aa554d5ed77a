/** What became of the stimulus with some of its parts only. `unknown`: it could not be found out. */
export type Trial = 'fails' | 'holds' | 'unknown';

export interface Minimised<P> {
  /** What is left, in the order given. */
  readonly kept: readonly P[];
  /** Those of them without which, alone, the failure was seen to be gone. */
  readonly necessary: readonly P[];
}

/**
 * Delta debugging: takes away ever smaller groups of parts, as long as the rest still fails. Where no trial is `unknown`,
 * the result is 1-minimal: without any single part of it the failure is gone, and all of it is `necessary`. Of a failure
 * that shows whenever certain parts are there, these are left and nothing else. The same parts are never tried twice.
 *
 * It begins with everything at once, and tries complements only: that of one half is the other half, and smaller subsets
 * seldom fail by themselves. Source: A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE
 * Trans. Software Eng. 28 (2002) 183–200, algorithm ddmin.
 */
export async function minimise<P>(
  parts: readonly P[],
  tryWith: (kept: readonly P[]) => Promise<Trial>,
): Promise<Minimised<P>> {
  const trials = new Map<string, Trial>();
  const fails = async (kept: readonly number[]): Promise<boolean> => {
    const key = kept.join();
    const trial = trials.get(key) ?? (await tryWith(partsAt(parts, kept)));
    trials.set(key, trial);
    return trial === 'fails';
  };
  let kept: readonly number[] = parts.map((_, position) => position);
  let groups = 1;
  while (kept.length > 0) {
    const smaller = await firstOf(complements(kept, groups), fails);
    if (smaller !== undefined) {
      kept = smaller;
      groups = Math.min(Math.max(groups - 1, 2), kept.length);
    } else if (groups < kept.length) {
      groups = Math.min(2 * groups, kept.length);
    } else break;
  }
  const necessary = kept.filter((part) => trials.get(without(kept, [part]).join()) === 'holds');
  return { kept: partsAt(parts, kept), necessary: partsAt(parts, necessary) };
}

/** What is left without each of so many groups of about the same size. */
function complements(kept: readonly number[], groups: number): readonly (readonly number[])[] {
  return Array.from({ length: groups }, (_, group) => {
    const [from, to] = [group, group + 1].map((edge) => Math.floor((edge * kept.length) / groups));
    return without(kept, kept.slice(from, to));
  });
}

function without(kept: readonly number[], gone: readonly number[]): readonly number[] {
  return kept.filter((part) => !gone.includes(part));
}

async function firstOf<T>(
  candidates: readonly T[],
  fits: (candidate: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const candidate of candidates) if (await fits(candidate)) return candidate;
  return undefined;
}

function partsAt<P>(parts: readonly P[], positions: readonly number[]): readonly P[] {
  return parts.filter((_, position) => positions.includes(position));
}
