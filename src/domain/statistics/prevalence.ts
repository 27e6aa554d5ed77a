import { Z_95 } from './interval';
import type { Interval } from './interval';

/** `count` of `n`. */
export interface Share {
  readonly count: number;
  readonly n: number;
}

/** How a judge did on runs whose truth is known. */
export interface JudgeRecord {
  /** Of runs that had failed, those it called failed. */
  readonly sensitivity: Share;
  /** Of runs that had held, those it called held. */
  readonly specificity: Share;
}

/** A rate from which the judge's own mistakes are taken out. */
export interface CorrectedRate extends Interval {
  readonly value: number;
}

/**
 * The true rate behind what an imperfect judge called failed, with a 95 % interval that also carries how little is known
 * of the judge. Null when nothing was judged, the judge was never measured, or it is no better than chance: then no rate
 * follows from what it says.
 * Sources: W. J. Rogan and B. Gladen, "Estimating prevalence from the results of a screening test", Am. J. Epidemiol. 107
 * (1978) 71–76, for the value, cut to 0–1; Zs. Lang and J. Reiczigel, "Confidence limits for prevalence of disease
 * adjusted for estimated sensitivity and specificity", Prev. Vet. Med. 113 (2014) 13–22, for the interval, which is
 * widened to hold the value where it does not.
 */
export function correctedRate(
  judged: Share,
  { sensitivity, specificity }: JudgeRecord,
): CorrectedRate | null {
  if (judged.n === 0 || sensitivity.n === 0 || specificity.n === 0) return null;
  const youden = shareOf(sensitivity) + shareOf(specificity) - 1;
  const se = withPseudoCounts(sensitivity, 2);
  const sp = withPseudoCounts(specificity, 2);
  const apparent = withPseudoCounts(judged, Z_95 * Z_95);
  const adjustedYouden = se.share + sp.share - 1;
  if (youden <= 0 || adjustedYouden <= 0) return null;
  const value = within01((shareOf(judged) + shareOf(specificity) - 1) / youden);
  const centre = (apparent.share + sp.share - 1) / adjustedYouden;
  const shift = 2 * Z_95 * Z_95 * (centre * se.variance - (1 - centre) * sp.variance);
  const variance = apparent.variance + centre ** 2 * se.variance + (1 - centre) ** 2 * sp.variance;
  const spread = (Z_95 * Math.sqrt(variance)) / adjustedYouden;
  return {
    value,
    low: Math.min(value, within01(centre + shift - spread)),
    high: Math.max(value, within01(centre + shift + spread)),
  };
}

function shareOf({ count, n }: Share): number {
  return count / n;
}

/** The share, half of `added` counted on either side, and its variance. */
function withPseudoCounts({ count, n }: Share, added: number) {
  const share = (count + added / 2) / (n + added);
  return { share, variance: (share * (1 - share)) / (n + added) };
}

function within01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
