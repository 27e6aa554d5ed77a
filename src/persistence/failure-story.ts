import { rateOf } from '../domain/statistics';
import type { ApiRecord } from '../ports/records';
import type { PrismaClient } from './client';
import type { Deployment, Failure, Intervention, Simulation } from './generated/client';
import { presentRow } from './record-presentation';

/** Of a failure that came back more often, the latest. */
const MAX_OBSERVATIONS = 500;
const SHOWN_RUNS = 50;

type Until = { readonly createdAt: { readonly lte: Date } };

/** What was recorded by then. */
function until(asOf: Date | undefined): Until {
  return { createdAt: { lte: asOf ?? new Date() } };
}

/**
 * Where a failure comes from, back to the hypothesis, and what was done about it, on to deployments; its earlier and later
 * findings beside it. Undefined when there is no such failure, or was none at that time.
 */
export async function failureLineage(
  prisma: PrismaClient,
  failureId: string,
  asOf?: Date,
): Promise<ApiRecord | undefined> {
  const before = until(asOf);
  const failure = await prisma.failure.findFirst({
    where: { id: failureId, ...before },
    include: {
      cycle: { select: { id: true, target: true, state: true, createdAt: true } },
      experiment: { include: { hypothesis: true } },
      runs: {
        take: SHOWN_RUNS,
        include: { run: { select: { id: true, ordinal: true, seed: true, endedAt: true } } },
      },
      previousFailure: true,
      nextFailures: { where: before, orderBy: { createdAt: 'asc' }, take: SHOWN_RUNS },
      interventions: {
        where: before,
        orderBy: { ordinal: 'asc' },
        include: {
          simulations: { where: before, orderBy: { createdAt: 'asc' } },
          deployments: { where: before, orderBy: { createdAt: 'asc' } },
        },
      },
    },
  });
  if (failure === null) return undefined;
  const { experiment, cycle, runs, previousFailure, nextFailures, interventions } = failure;
  const { hypothesis } = experiment;
  return presentRow({
    failure: finding(failure, asOf),
    cycle,
    hypothesis: {
      id: hypothesis.id,
      expectedFailure: hypothesis.expectedFailure,
      rationale: hypothesis.rationale,
      confidence: hypothesis.confidence,
      createdAt: hypothesis.createdAt,
    },
    experiment: {
      id: experiment.id,
      title: experiment.title,
      state: experiment.state,
      createdAt: experiment.createdAt,
    },
    failedRuns: runs.map(({ run }) => run),
    previous: previousFailure === null ? null : finding(previousFailure, asOf),
    next: nextFailures.map((next) => finding(next, asOf)),
    interventions: interventions.map((one) => intervention(one)),
  });
}

function intervention({
  simulations,
  deployments,
  ...own
}: Intervention & { simulations: readonly Simulation[]; deployments: readonly Deployment[] }) {
  return {
    id: own.id,
    type: own.type,
    name: own.name,
    createdAt: own.createdAt,
    simulations: simulations.map(({ id, state, verdict, reason, createdAt, endedAt }) => ({
      ...{ id, state, verdict, reason, createdAt, endedAt },
    })),
    deployments: deployments.map((one) => deployment(one)),
  };
}

function deployment({ id, channel, state, endReason, createdAt, publishedAt, endedAt }: Deployment) {
  return { id, channel, state, endReason, createdAt, publishedAt, endedAt };
}

/** A failure as one cycle found it; its state as far as it was set by then. */
function finding(failure: Failure, asOf: Date | undefined) {
  const { id, cycleId, failureType, trigger, severity, novelty, failedRuns, assessedRuns, createdAt } =
    failure;
  const isLater = asOf !== undefined && failure.stateChangedAt !== null && failure.stateChangedAt > asOf;
  return {
    ...{ id, cycleId, failureType, trigger, severity, novelty, createdAt },
    rate: rateOf(failedRuns, assessedRuns),
    state: isLater ? 'open' : failure.state,
    stateChangedAt: isLater ? null : failure.stateChangedAt,
    stateSetBy: isLater ? null : failure.stateSetBy,
    stateReason: isLater ? null : failure.stateReason,
  };
}

/** Every finding of the same trigger on the same target, oldest first, and the deployments against any of them. */
export async function failureEvolution(
  prisma: PrismaClient,
  failureId: string,
  asOf?: Date,
): Promise<ApiRecord | undefined> {
  const before = until(asOf);
  const failure = await prisma.failure.findFirst({ where: { id: failureId, ...before } });
  if (failure === null) return undefined;
  const { target, triggerSignature, failureType, trigger } = failure;
  const same = { target, triggerSignature, ...before };
  const [found, deployments] = await Promise.all([
    prisma.failure.findMany({
      where: same,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: MAX_OBSERVATIONS,
    }),
    prisma.deployment.findMany({
      where: { intervention: { failure: same }, ...before },
      orderBy: { createdAt: 'asc' },
      take: MAX_OBSERVATIONS,
    }),
  ]);
  return presentRow({
    target,
    triggerSignature,
    failureType,
    trigger,
    findings: found.toReversed().map((one) => finding(one, asOf)),
    deployments: deployments.map((one) => deployment(one)),
  });
}
