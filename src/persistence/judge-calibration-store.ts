import { judgedBy } from '../domain/judge';
import { calibrationRates } from '../domain/judge-calibration';
import { appendInTransaction } from './audit-trail';
import type { JudgeCalibration } from '../domain/judge-calibration';
import type { JudgeCalibrationStore } from '../ports/judge-calibration-store';
import type { PrismaClient } from './client';

export function createJudgeCalibrationStore(prisma: PrismaClient): JudgeCalibrationStore {
  return {
    save: (id, calibration, requestedBy) =>
      prisma.$transaction(async (tx) => {
        await tx.judgeCalibration.create({ data: { id, ...toRow(calibration), requestedBy } });
        const { sensitivity, specificity } = calibrationRates(calibration);
        await appendInTransaction(tx, [
          {
            key: `judge_calibrated/${id}`,
            eventType: 'judge_calibrated',
            actor: requestedBy,
            subjectType: 'judge_calibration',
            subjectId: id,
            details: {
              judge: calibration.judge,
              version: calibration.version,
              votes: calibration.votesAsked,
              set_digest: calibration.setDigest,
              items: calibration.items,
              unassessed: calibration.unassessed,
              sensitivity,
              specificity,
            },
          },
        ]);
      }),
    async latest(name) {
      const row = await prisma.judgeCalibration.findFirst({
        where: { judgedBy: name },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      });
      if (row === null) return undefined;
      return {
        judge: row.judge,
        version: row.version,
        votesAsked: row.votes,
        setDigest: row.setDigest,
        items: row.items,
        unassessed: row.unassessed,
        sensitivity: { count: row.failedFound, n: row.failed },
        specificity: { count: row.heldFound, n: row.held },
      };
    },
  };
}

function toRow(calibration: JudgeCalibration) {
  const { judge, version, votesAsked, setDigest, items, unassessed, sensitivity, specificity } = calibration;
  return {
    judgedBy: judgedBy(calibration),
    ...{ judge, version, votes: votesAsked, setDigest, items, unassessed },
    ...{ failed: sensitivity.n, failedFound: sensitivity.count },
    ...{ held: specificity.n, heldFound: specificity.count },
  };
}
