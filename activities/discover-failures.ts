import { discover } from '../src/domain/discovery';
import type { FailureCluster } from '../src/domain/discovery';
import { SEVERITIES } from '../src/domain/severity';
import type { Severity } from '../src/domain/severity';
import { gradeSeverity } from '../src/domain/severity-grade';
import { classOf } from '../src/domain/taxonomy';
import type { TargetDescription } from '../src/domain/target';
import type { StoredFinding } from '../src/ports/stores';
import type { FailureCase, Researcher } from '../src/researcher/researcher';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './support/heartbeat';
import { withFallback } from './support/model-fallback';
import { mapParallel } from './support/parallel';
import { researcherOf, researcherStamp } from './support/researcher';

/** Phase 4: the failed runs of the cycle, clustered, compared with memory, graded and explained. */
export function discoverFailures(deps: ActivityDeps): Activities['discoverFailures'] {
  const { cycles, experiments, failures } = deps.stores;
  return async ({ cycleId }) => {
    const existing = await failures.list(cycleId);
    if (existing.length > 0)
      return { failures: existing.length, highestSeverity: highest(existing), budgetExhausted: false };
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
    const explained = await withHeartbeat((signal) => {
      const researcher = researcherOf(deps, cycle, signal);
      return mapParallel(clusters, maxParallel, (cluster, ordinal) =>
        findingOf(deps, cycleId, cluster, failureCase(cluster, ordinal, target), researcher),
      );
    });
    const findings = explained.map(({ finding }) => finding);
    await failures.saveDiscovered(cycleId, findings, stateChanges, researcherStamp(deps));
    const budgetExhausted = explained.some((one) => one.budgetExhausted);
    return { failures: findings.length, highestSeverity: highest(findings), budgetExhausted };
  };
}

function highest(findings: readonly StoredFinding[]): Severity | null {
  return SEVERITIES.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? null;
}

async function findingOf(
  deps: ActivityDeps,
  cycleId: string,
  cluster: FailureCluster,
  failure: FailureCase,
  researcher: Researcher,
): Promise<{ readonly finding: StoredFinding; readonly budgetExhausted: boolean }> {
  const { value: explanation, budgetExhausted } = await withFallback(researcher, (one) =>
    one.explainFailure(failure),
  );
  const { severity, reason } = gradeSeverity({ ...cluster, impact: explanation.impact });
  const { failureType, triggerSignature, trigger, reproducibility, novelty, evidence, failedRunIds } =
    cluster;
  const finding: StoredFinding = {
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
    assessed: cluster.assessed,
    injectionAttempts: cluster.injectionAttempts,
  };
  return { finding, budgetExhausted };
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
