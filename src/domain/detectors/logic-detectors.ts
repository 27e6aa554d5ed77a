import type { DetectorKinds, Nested } from '../detection';
import type { Detector } from '../detector';
import { beginningOf } from './quote';
import { answersOf } from './transcript-parts';

/** Detectors made of other detectors. None of them fires for an empty list. */
export function logicDetectors(nested: Nested): DetectorKinds<'all' | 'any' | 'at_least' | 'not'> {
  const together = (of: readonly Detector[], joint: string): string =>
    of.map((one) => `(${nested.describe(one)})`).join(joint);
  return {
    all: {
      evidence: ({ of }, transcript, context) => {
        const found = of.map((one) => nested.evidence(one, transcript, context));
        return found.every((evidence) => evidence.length > 0) ? found.flat() : [];
      },
      describe: ({ of }) => together(of, ' and '),
      problem: ({ of }) => emptyProblem('all', of),
    },
    any: {
      evidence: ({ of }, transcript, context) =>
        of.flatMap((one) => nested.evidence(one, transcript, context)),
      describe: ({ of }) => together(of, ' or '),
      problem: ({ of }) => emptyProblem('any', of),
    },
    at_least: {
      evidence: ({ count, of }, transcript, context) => {
        const found = of
          .map((one) => nested.evidence(one, transcript, context))
          .filter((evidence) => evidence.length > 0);
        return found.length >= count ? found.flat() : [];
      },
      describe: ({ count, of }) => `at least ${count} of ${together(of, ', ')}`,
      problem: ({ count, of }) =>
        Number.isInteger(count) && count >= 1 && count <= of.length
          ? undefined
          : `at_least: ${count} of ${of.length} can never be decided by a run`,
    },
    not: {
      evidence: ({ of }, transcript, context) => {
        if (nested.evidence(of, transcript, context).length > 0) return [];
        const last = answersOf(transcript).at(-1);
        const explanation = `this did not happen: ${nested.describe(of)}`;
        return [beginningOf(last?.text ?? '', last?.messageIndex, explanation)];
      },
      describe: ({ of }) => `not (${nested.describe(of)})`,
      problem: () => undefined,
    },
  };
}

function emptyProblem(kind: string, of: readonly Detector[]): string | undefined {
  return of.length === 0 ? `${kind}: it names no detector` : undefined;
}
