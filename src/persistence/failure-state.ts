import { randomUUID } from 'node:crypto';
import { DomainError } from '../domain/errors';
import { evidenceText } from '../domain/failure-resolution';
import { appendInTransaction } from './audit-trail';
import { storableText } from './columns';
import type { AuditEventType } from '../domain/audit-events';
import type { FailureState } from '../domain/failure';
import type { ResolutionEvidence } from '../domain/failure-resolution';
import type { Transaction } from './client';

interface StateSetByHand {
  readonly failureId: string;
  readonly by: string;
  readonly to: FailureState;
  /** Where it may come from. */
  readonly from: readonly FailureState[];
  readonly reason: string;
  readonly event: AuditEventType;
  readonly details: Readonly<Record<string, unknown>>;
}

/** See `FailureStore.resolve`. */
export async function resolveFailure(
  tx: Transaction,
  { failureId, by, evidence }: { failureId: string; by: string; evidence: ResolutionEvidence },
): Promise<void> {
  await requireEvidence(tx, failureId, evidence);
  await setByHand(tx, {
    failureId,
    by,
    to: 'resolved',
    from: ['open', 'not_reproduced'],
    reason: evidenceText(evidence),
    event: 'failure_resolved',
    details: { evidence: { ...evidence } },
  });
}

/** See `FailureStore.reopen`. */
export async function reopenFailure(
  tx: Transaction,
  { failureId, by, reason }: { failureId: string; by: string; reason: string },
): Promise<void> {
  const event = 'failure_reopened';
  await setByHand(tx, { failureId, by, to: 'open', from: ['resolved'], reason, event, details: { reason } });
}

async function setByHand(tx: Transaction, change: StateSetByHand): Promise<void> {
  const { failureId, by, to, from, event, details } = change;
  const [failure] = await tx.$queryRaw<{ state: string; severity: string; trigger_signature: string }[]>`
    SELECT state, severity, trigger_signature FROM failures WHERE id = ${failureId}::uuid FOR UPDATE`;
  if (failure === undefined) throw new DomainError('not_found', `there is no failure ${failureId}`);
  if (!from.some((state) => state === failure.state)) {
    const { state } = failure;
    throw new DomainError(
      'state_conflict',
      `the failure is ${state}; only ${from.join(' or ')} becomes ${to}`,
      {
        state,
      },
    );
  }
  await tx.failure.update({
    where: { id: failureId },
    data: {
      state: to,
      stateChangedAt: new Date(),
      stateSetBy: storableText(by),
      stateReason: storableText(change.reason),
    },
  });
  await appendInTransaction(tx, [
    {
      // As often as it is done.
      key: `${event}/${failureId}/${randomUUID()}`,
      eventType: event,
      actor: by,
      subjectType: 'failure',
      subjectId: failureId,
      details: {
        ...details,
        was: failure.state,
        severity: failure.severity,
        trigger_signature: failure.trigger_signature,
      },
    },
  ]);
}

/** Records that are named must be of this failure, in whatever cycle it showed, and speak for the resolution. */
async function requireEvidence(
  tx: Transaction,
  failureId: string,
  evidence: ResolutionEvidence,
): Promise<void> {
  if ('note' in evidence) return;
  const found =
    'simulationId' in evidence
      ? await simulationShown(tx, evidence.simulationId)
      : await deploymentShown(tx, evidence.deploymentId);
  const name = evidenceText(evidence);
  if (found === undefined || !(await isAgainst(tx, found.interventionId, failureId))) {
    throw new DomainError('invalid_arguments', `${name} is not of an intervention against this failure`);
  }
  if (!found.speaks) throw new DomainError('invalid_arguments', `${name} is ${found.is}`);
}

interface Shown {
  readonly interventionId: string;
  readonly speaks: boolean;
  readonly is: string;
}

async function simulationShown(tx: Transaction, id: string): Promise<Shown | undefined> {
  const row = await tx.simulation.findUnique({ where: { id } });
  if (row === null) return undefined;
  const { interventionId, verdict, state } = row;
  return { interventionId, speaks: verdict === 'improved', is: verdict ?? state };
}

async function deploymentShown(tx: Transaction, id: string): Promise<Shown | undefined> {
  const row = await tx.deployment.findUnique({ where: { id } });
  if (row === null) return undefined;
  const { interventionId, state } = row;
  return { interventionId, speaks: state === 'live' || state === 'kept', is: state };
}

async function isAgainst(tx: Transaction, interventionId: string, failureId: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ same: boolean }[]>`
    SELECT (a.target, a.trigger_signature) = (b.target, b.trigger_signature) AS same
    FROM failures a, failures b JOIN interventions i ON i.failure_id = b.id
    WHERE a.id = ${failureId}::uuid AND i.id = ${interventionId}::uuid`;
  return row?.same ?? false;
}
