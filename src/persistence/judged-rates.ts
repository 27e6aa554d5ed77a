import { correctedRate, type JudgeRecord, type Share } from '../domain/statistics';
import { Prisma } from './generated/client';
import type { Assessor } from '../domain/judge';
import type { RawRow } from './record-presentation';
import type { ApiRecord } from '../ports/records';

/** Counts who decided the assessed runs of a selection, and by which judge, where it was one. */
export const WHO_ASSESSED = Prisma.sql`
  count(*) FILTER (WHERE judged_by IS NOT NULL AND outcome <> 'unassessed')::int AS judged_runs,
  CASE WHEN min(judged_by) = max(judged_by) THEN min(judged_by) END AS judged_by`;

/** The latest measurement of a judge, for a join; its columns are those of `CALIBRATION_COLUMNS`. */
export function calibrationOf(judgedBy: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`LEFT JOIN LATERAL (
    SELECT failed, failed_found, held, held_found FROM judge_calibrations
    WHERE judge_calibrations.judged_by = ${judgedBy} ORDER BY created_at DESC, id DESC LIMIT 1) AS cal ON true`;
}

export const CALIBRATION_COLUMNS = Prisma.sql`cal.failed AS cal_failed, cal.failed_found AS cal_failed_found,
  cal.held AS cal_held, cal.held_found AS cal_held_found`;

/** How the judge did, as far as it was measured, and the rest of a row with `CALIBRATION_COLUMNS`. */
export function withoutCalibration(row: RawRow): {
  readonly calibration: JudgeRecord | null;
  readonly others: RawRow;
} {
  const { cal_failed, cal_failed_found, cal_held, cal_held_found, ...others } = row;
  if (cal_failed === null) return { calibration: null, others };
  const sensitivity = { count: Number(cal_failed_found), n: Number(cal_failed) };
  const specificity = { count: Number(cal_held_found), n: Number(cal_held) };
  return { calibration: { sensitivity, specificity }, others };
}

/** Of so many assessed runs, so many that a judge decided; null when nothing was assessed. */
export function assessorOf(assessed: number, judged: number): Assessor | null {
  if (assessed === 0) return null;
  if (judged === 0) return 'rules';
  return judged < assessed ? 'mixed' : 'judge';
}

/**
 * Who decided the runs behind a rate, and the rate without the judge's own mistakes. That takes a judge that decided them
 * all and was measured; a rate to which rules and a judge contributed is left as it is.
 */
export function assessedRate(
  assessedBy: Assessor | null,
  judgedBy: unknown,
  rate: Share,
  calibration: JudgeRecord | null,
): ApiRecord {
  const corrected = assessedBy === 'judge' && calibration !== null ? correctedRate(rate, calibration) : null;
  return {
    assessed_by: assessedBy,
    judged_by: judgedBy ?? null,
    rate_corrected: corrected !== null,
    corrected_rate: corrected,
  };
}
