import { NOVELTIES } from '../domain/failure';
import { ASSESSORS } from '../domain/judge';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_CLASSES, FAILURE_TYPES } from '../domain/taxonomy';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, storableJson } from './columns';
import { advancePhase } from './cycle-phase';
import { reopenFailure, resolveFailure } from './failure-state';
import { insertMissing } from './insert-rows';
import { readKnownFailures } from './known-failures';
import type { Evidence } from '../domain/experiment';
import type { InjectionAttempt } from '../domain/injection-attempts';
import type { FailureStore, ResearcherStamp, StoredFinding } from '../ports/stores';
import type { PrismaClient, Transaction } from './client';
import type { Failure } from './generated/client';

const FAILURES = {
  table: 'failures',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    experiment_id: 'uuid',
    target: 'text',
    failure_class: 'text',
    failure_type: 'text',
    severity: 'text',
    severity_reason: 'text',
    trigger: 'text',
    trigger_signature: 'text',
    description: 'text',
    root_cause: 'text',
    impact: 'float8',
    impact_reason: 'text',
    failed_runs: 'integer',
    assessed_runs: 'integer',
    wilson_low: 'float8',
    wilson_high: 'float8',
    novelty: 'text',
    previous_failure_id: 'uuid',
    evidence: 'jsonb',
    assessed_by: 'text',
    judged_by: 'text',
    injection_attempts: 'jsonb',
    researcher: 'text',
    researcher_version: 'text',
  },
} as const;

const FAILURE_RUNS = { table: 'failure_runs', columns: { failure_id: 'uuid', run_id: 'uuid' } } as const;

type StateChange = Parameters<FailureStore['saveDiscovered']>[2][number];

export function createFailureStore(prisma: PrismaClient): FailureStore {
  return {
    saveDiscovered: (cycleId, findings, stateChanges, stamp) =>
      prisma.$transaction((tx) => saveDiscovered(tx, cycleId, findings, stateChanges, stamp)),
    async list(cycleId) {
      const rows = await prisma.failure.findMany({
        where: { cycleId },
        orderBy: [{ severity: 'desc' }, { triggerSignature: 'asc' }],
        include: { runs: { select: { runId: true }, orderBy: { run: { ordinal: 'asc' } } } },
      });
      return rows.map((row) => toFinding(row, row.runs));
    },
    resolve: (input) => prisma.$transaction((tx) => resolveFailure(tx, input)),
    reopen: (input) => prisma.$transaction((tx) => reopenFailure(tx, input)),
    known: (target, exceptCycleId) => readKnownFailures(prisma, target, exceptCycleId),
    recorded: (ids) => readRecorded(prisma, ids),
  };
}

async function readRecorded(prisma: PrismaClient, ids: readonly string[]) {
  const rows = await prisma.failure.findMany({
    where: { id: { in: [...ids] } },
    include: {
      runs: {
        select: { runId: true, run: { select: { experimentId: true, caseIndex: true } } },
        orderBy: [{ run: { experimentId: 'asc' } }, { run: { ordinal: 'asc' } }],
      },
    },
  });
  return rows.map((row) => {
    const cases = row.runs.map(({ run }) => [`${run.experimentId} ${run.caseIndex}`, run] as const);
    return { ...toFinding(row, row.runs), failingCases: [...new Map(cases).values()] };
  });
}

/**
 * The audit entry tells a retry, which then changes nothing: by then a later cycle may have changed the earlier
 * failures again, and the state it left them in stands.
 */
async function saveDiscovered(
  tx: Transaction,
  cycleId: string,
  findings: readonly StoredFinding[],
  stateChanges: readonly StateChange[],
  stamp: ResearcherStamp,
): Promise<void> {
  const key = `failures_discovered/${cycleId}`;
  await advancePhase(tx, { id: cycleId }, 'failure_discovery');
  if ((await tx.auditLog.count({ where: { key } })) > 0) return;
  const rows = findings.map((finding) => toRow(finding, stamp));
  await insertMissing(tx, FAILURES, rows);
  const runs = findings.flatMap(({ id, failedRunIds }) =>
    failedRunIds.map((runId) => ({ failure_id: id, run_id: runId })),
  );
  await insertMissing(tx, FAILURE_RUNS, runs);
  await changeStates(tx, stateChanges);
  await appendInTransaction(tx, [
    {
      key,
      eventType: 'failures_discovered',
      actor: `researcher:${stamp.researcher}`,
      subjectType: 'cycle',
      subjectId: cycleId,
      details: {
        researcher_version: stamp.researcherVersion,
        failures: findings.map(({ id, failureType, severity, novelty }) => ({
          id,
          failure_type: failureType,
          severity,
          novelty,
        })),
        state_changes: stateChanges.map(({ failureId, state }) => ({ failure_id: failureId, state })),
      },
    },
  ]);
}

async function changeStates(tx: Transaction, changes: readonly StateChange[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.$executeRaw`
    UPDATE failures f SET state = change.state, state_changed_at = now(), state_set_by = NULL, state_reason = NULL
    FROM jsonb_to_recordset(${storableJson(changes)}::jsonb) AS change("failureId" uuid, state text)
    WHERE f.id = change."failureId" AND f.state <> change.state`;
}

function toRow(finding: StoredFinding, { researcher, researcherVersion }: ResearcherStamp) {
  const { count, n, low, high } = finding.reproducibility;
  return {
    id: finding.id,
    cycle_id: finding.cycleId,
    experiment_id: finding.experimentId,
    target: finding.target,
    failure_class: finding.failureClass,
    failure_type: finding.failureType,
    severity: finding.severity,
    severity_reason: finding.severityReason,
    trigger: finding.trigger,
    trigger_signature: finding.triggerSignature,
    description: finding.description,
    root_cause: finding.rootCause,
    impact: finding.impact,
    impact_reason: finding.impactReason,
    failed_runs: count,
    assessed_runs: n,
    wilson_low: low,
    wilson_high: high,
    novelty: finding.novelty,
    previous_failure_id: finding.previousFailureId,
    evidence: finding.evidence,
    assessed_by: finding.assessed.by,
    judged_by: finding.assessed.judgedBy,
    injection_attempts: finding.injectionAttempts.length === 0 ? null : finding.injectionAttempts,
    researcher,
    researcher_version: researcherVersion,
  };
}

function toFinding(row: Failure, runs: readonly { readonly runId: string }[]): StoredFinding {
  return {
    id: row.id,
    cycleId: row.cycleId,
    experimentId: row.experimentId,
    target: row.target,
    failureClass: member(FAILURE_CLASSES, row.failureClass),
    failureType: member(FAILURE_TYPES, row.failureType),
    severity: member(SEVERITIES, row.severity),
    severityReason: row.severityReason,
    trigger: row.trigger,
    triggerSignature: row.triggerSignature,
    description: row.description,
    rootCause: row.rootCause,
    impact: row.impact,
    impactReason: row.impactReason,
    reproducibility: {
      value: row.failedRuns / row.assessedRuns,
      n: row.assessedRuns,
      count: row.failedRuns,
      low: row.wilsonLow,
      high: row.wilsonHigh,
    },
    novelty: member(NOVELTIES, row.novelty),
    previousFailureId: row.previousFailureId,
    evidence: fromJson<Evidence[]>(row.evidence),
    failedRunIds: runs.map(({ runId }) => runId),
    assessed: { by: member(ASSESSORS, row.assessedBy), judgedBy: row.judgedBy },
    injectionAttempts:
      row.injectionAttempts === null ? [] : fromJson<InjectionAttempt[]>(row.injectionAttempts),
  };
}
