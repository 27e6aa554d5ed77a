import type { DetectorKinds } from '../detection';
import type { Detector, JudgedDetector } from '../detector';
import { DomainError } from '../errors';

const MAX_RUBRIC_CHARS = 2_000;

/** Decided outside, by a model: here it says what was decided. */
export const JUDGED_DETECTOR: DetectorKinds<'judged'> = {
  judged: {
    evidence: (_detector, _transcript, { judged }) => {
      if (judged === undefined) {
        throw new DomainError('invalid_experiment', 'a rubric takes a judge, and there is none here');
      }
      return judged;
    },
    describe: ({ rubric }) => `is judged by the rubric “${rubric}”`,
    problem: ({ rubric, votes = 1 }) => {
      if (rubric.trim() === '') return 'judged: the rubric is empty';
      if (rubric.length > MAX_RUBRIC_CHARS)
        return `judged: the rubric has more than ${MAX_RUBRIC_CHARS} characters`;
      return [1, 3, 5].includes(votes) ? undefined : `judged: ${votes} votes; 1, 3 or 5 can be asked for`;
    },
  },
};

/** All rubrics in a detector. */
export function rubricsIn(detector: Detector): readonly JudgedDetector[] {
  if (detector.kind === 'judged') return [detector];
  if (detector.kind === 'not') return rubricsIn(detector.of);
  return 'of' in detector ? detector.of.flatMap(rubricsIn) : [];
}

/** What is wrong with the place of a rubric in an oracle. */
export function rubricPlaceProblem(oracle: Detector): string | undefined {
  if (rubricsIn(oracle).length > 1) return 'judged: an oracle has one rubric at most';
  return underNot(oracle) ? 'judged: a rubric cannot stand under not' : undefined;
}

function underNot(detector: Detector): boolean {
  if (detector.kind === 'not') return rubricsIn(detector.of).length > 0;
  return 'of' in detector && detector.of.some(underNot);
}
