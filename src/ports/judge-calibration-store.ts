import type { JudgeCalibration } from '../domain/judge-calibration';

export interface JudgeCalibrationStore {
  /** Keeps a measurement and says so in the audit log; the latest of a judge is the one that rates are corrected by. */
  save(id: string, calibration: JudgeCalibration, requestedBy: string): Promise<void>;
  /** The latest measurement of a judge, as `judgedBy` names it. */
  latest(judgedBy: string): Promise<JudgeCalibration | undefined>;
}
