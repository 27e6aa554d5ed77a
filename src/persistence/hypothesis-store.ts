import { FAILURE_TYPES, classOf } from '../domain/taxonomy';
import { appendInTransaction } from './audit-trail';
import { member } from './columns';
import { insertMissing } from './insert-rows';
import type { HypothesisStore } from '../ports/stores';
import type { PrismaClient } from './client';

const HYPOTHESES = {
  table: 'hypotheses',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    ordinal: 'integer',
    target_surface: 'text',
    expected_failure: 'text',
    failure_class: 'text',
    failure_type: 'text',
    confidence: 'float8',
    priority: 'integer',
    rationale: 'text',
    researcher: 'text',
    researcher_version: 'text',
  },
} as const;

export function createHypothesisStore(prisma: PrismaClient): HypothesisStore {
  return {
    async save(cycleId, hypotheses, { researcher, researcherVersion }) {
      const rows = hypotheses.map((hypothesis, ordinal) => ({
        id: hypothesis.id,
        cycle_id: cycleId,
        ordinal,
        target_surface: hypothesis.targetSurface,
        expected_failure: hypothesis.expectedFailure,
        failure_class: classOf(hypothesis.failureType),
        failure_type: hypothesis.failureType,
        confidence: hypothesis.confidence,
        priority: hypothesis.priority,
        rationale: hypothesis.rationale,
        researcher,
        researcher_version: researcherVersion,
      }));
      await prisma.$transaction(async (tx) => {
        await insertMissing(tx, HYPOTHESES, rows);
        await appendInTransaction(tx, [
          {
            key: `hypotheses_generated/${cycleId}`,
            eventType: 'hypotheses_generated',
            actor: `researcher:${researcher}`,
            subjectType: 'cycle',
            subjectId: cycleId,
            details: {
              researcher_version: researcherVersion,
              hypotheses: hypotheses.map(({ id, failureType }) => ({ id, failure_type: failureType })),
            },
          },
        ]);
      });
    },

    async list(cycleId) {
      const rows = await prisma.hypothesis.findMany({
        where: { cycleId },
        orderBy: [{ priority: 'asc' }, { ordinal: 'asc' }],
      });
      return rows.map((row) => ({
        id: row.id,
        targetSurface: row.targetSurface,
        expectedFailure: row.expectedFailure,
        failureType: member(FAILURE_TYPES, row.failureType),
        confidence: row.confidence,
        priority: row.priority,
        rationale: row.rationale,
      }));
    },
  };
}
