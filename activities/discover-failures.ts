import { discover } from '../src/domain/discovery';
import type { FailureCluster } from '../src/domain/discovery';
import { gradeSeverity } from '../src/domain/severity-grade';
import { classOf } from '../src/domain/taxonomy';
import type { TargetDescription } from '../src/domain/target';
import type { StoredFinding } from '../src/ports/stores';
import type { Explanation, FailureCase, Researcher } from '../src/researcher/researcher';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { BudgetExhausted } from './support/budget-exhausted';
import { withHeartbeat } from './support/heartbeat';
import { mapParallel } from './support/parallel';
import { offlineResearcher, researcherOf, researcherStamp } from './support/researcher';

/** Phase 4: the failed runs of the cycle, clustered, compared with memory, graded and explained. */
export function discoverFailures(deps: ActivityDeps): Activities['discoverFailures'] {
  const { cycles, experiments, failures } = deps.stores;
  return async ({ cycleId }) => {
    const existing = await failures.list(cycleId);
    if (existing.length > 0) return { failures: existing.length };
    const cycle = await cycles.get(cycleId);
    const target = deps.targets.get(cycle.request.target).describe;
    const [designed, runs, knownFailures] = await Promise.all([
      experiments.list(cycleId),
      experiments.runsOfCycle(cycleId),
      failures.known(target.name, cycleId),
    ]);
    const { clusters, stateChanges } = discover({
      target: target.name,
      experiments: designed,
      runs,
      knownFailures,
    });
    const { maxParallel } = deps.settingsFor(cycle.startMode);
    const findings = await withHeartbeat((signal) => {
      const researcher = researcherOf(deps, cycle, signal);
      return mapParallel(clusters, maxParallel, (cluster, ordinal) =>
        findingOf(deps, cycleId, cluster, failureCase(cluster, ordinal, target), researcher),
      );
    });
    await failures.saveDiscovered(cycleId, findings, stateChanges, researcherStamp(deps));
    return { failures: findings.length };
  };
}

async function findingOf(
  deps: ActivityDeps,
  cycleId: string,
  cluster: FailureCluster,
  failure: FailureCase,
  researcher: Researcher,
): Promise<StoredFinding> {
  const explanation = await explain(researcher, failure);
  const { severity, reason } = gradeSeverity({ ...cluster, impact: explanation.impact });
  const { failureType, triggerSignature, trigger, reproducibility, novelty, evidence, failedRunIds } =
    cluster;
  return {
    id: deps.recordId('failure', cycleId, triggerSignature),
    cycleId,
    experimentId: cluster.experimentId,
    target: failure.target.name,
    failureClass: classOf(failureType),
    failureType,
    severity,
    severityReason: reason,
    triggerSignature,
    trigger,
    description: explanation.description,
    reproducibility,
    novelty,
    previousFailureId: cluster.previousFailureId,
    rootCause: explanation.rootCause,
    impact: explanation.impact,
    impactReason: explanation.impactReason,
    evidence,
    failedRunIds,
  };
}

/** A finding is never lost for want of money: without it, the explanation comes from the taxonomy and says so. */
async function explain(researcher: Researcher, failure: FailureCase): Promise<Explanation> {
  try {
    return await researcher.explainFailure(failure);
  } catch (error) {
    if (!(error instanceof BudgetExhausted)) throw error;
    const explanation = await offlineResearcher.explainFailure(failure);
    return {
      ...explanation,
      rootCause: `${explanation.rootCause} (Explained without a model: ${error.message}.)`,
    };
  }
}

function failureCase(cluster: FailureCluster, ordinal: number, target: TargetDescription): FailureCase {
  const { failureType, trigger, reproducibility, example } = cluster;
  return {
    ordinal,
    failureType,
    trigger,
    failedRuns: reproducibility.count,
    assessedRuns: reproducibility.n,
    example: example.transcript,
    target,
  };
}
