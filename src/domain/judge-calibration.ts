import type { RunOutcome, Transcript } from './experiment';
import type { Rate } from './failure';
import { rateOf } from './statistics';
import type { JudgeRecord } from './statistics';

/** A run whose truth is known, because a person read it. */
export interface LabelledRun {
  /** For people. */
  readonly name: string;
  readonly transcript: Transcript;
  readonly rubric: string;
  readonly label: Exclude<RunOutcome, 'unassessed'>;
}

/** Such runs, with what identifies them all. */
export interface LabelledSet {
  readonly items: readonly LabelledRun[];
  /** SHA-256 of the text they were read from, in hexadecimal. */
  readonly digest: string;
}

/** How a judge did on a labelled set. */
export interface JudgeCalibration extends JudgeRecord {
  /** The model, as `provider:model`. */
  readonly judge: string;
  /** Of its prompt. */
  readonly version: string;
  readonly votesAsked: number;
  /** SHA-256 of the set, in hexadecimal. */
  readonly setDigest: string;
  readonly items: number;
  /** Items that it did not decide; they count in neither share. */
  readonly unassessed: number;
}

/** Counts what a judge made of labelled runs. */
export function tallyCalibration(
  judged: readonly { readonly label: LabelledRun['label']; readonly outcome: RunOutcome }[],
): Pick<JudgeCalibration, 'sensitivity' | 'specificity' | 'items' | 'unassessed'> {
  const decided = judged.filter(({ outcome }) => outcome !== 'unassessed');
  const share = (label: LabelledRun['label']) => {
    const of = decided.filter((one) => one.label === label);
    return { count: of.filter(({ outcome }) => outcome === label).length, n: of.length };
  };
  return {
    sensitivity: share('failed'),
    specificity: share('held'),
    items: judged.length,
    unassessed: judged.length - decided.length,
  };
}

/** Both shares with their Wilson 95 % intervals. */
export function calibrationRates({ sensitivity, specificity }: JudgeRecord): {
  readonly sensitivity: Rate;
  readonly specificity: Rate;
} {
  return {
    sensitivity: rateOf(sensitivity.count, sensitivity.n),
    specificity: rateOf(specificity.count, specificity.n),
  };
}
