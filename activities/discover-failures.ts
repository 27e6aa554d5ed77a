import { discover } from '../src/domain/discovery';
import type { Discovery, FailureCluster } from '../src/domain/discovery';
import type { RunOutcome } from '../src/domain/experiment';
import { judgeRegression, regressionOf } from '../src/domain/regression';
import { SEVERITIES } from '../src/domain/severity';
import type { Severity } from '../src/domain/severity';
import { gradeSeverity } from '../src/domain/severity-grade';
import { classOf } from '../src/domain/taxonomy';
import type { TargetDescription } from '../src/domain/target';
import type { CycleRecord, StoredExperiment, StoredFinding } from '../src/ports/stores';
import type { Explanation, FailureCase, Researcher } from '../src/researcher/researcher';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { explanationOf } from './support/failure-case';
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
    const moved =
      cycle.request.regressions === true ? whereFixed(stateChanges, designed, runs) : stateChanges;
    const { maxParallel } = deps.settingsFor(cycle.startMode);
    const recalled = await recalledExplanations(deps, cycle, clusters);
    const explained = await withHeartbeat((signal) => {
      const researcher = researcherOf(deps, cycle, signal);
      return mapParallel(clusters, maxParallel, (cluster, ordinal) =>
        findingOf(deps, cycleId, cluster, failureCase(cluster, ordinal, target), {
          researcher,
          recalled: recalled.get(cluster.previousFailureId ?? ''),
        }),
      );
    });
    const findings = explained.map(({ finding }) => finding);
    await failures.saveDiscovered(cycleId, findings, moved, researcherStamp(deps));
    const budgetExhausted = explained.some((one) => one.budgetExhausted);
    return { failures: findings.length, highestSeverity: highest(findings), budgetExhausted };
  };
}

/** In a cycle that replays known failures, one is not reproduced only where its replay is conclusive. */
function whereFixed(
  changes: Discovery['stateChanges'],
  designed: readonly StoredExperiment[],
  runs: readonly { readonly experimentId: string; readonly outcome: RunOutcome }[],
): Discovery['stateChanges'] {
  const fixed = designed.flatMap(({ id, design }) => {
    const regression = regressionOf(design);
    if (regression === undefined) return [];
    const outcomes = runs.filter(({ experimentId }) => experimentId === id).map(({ outcome }) => outcome);
    const count = (wanted: RunOutcome): number => outcomes.filter((outcome) => outcome === wanted).length;
    const { verdict } = judgeRegression(regression, { failed: count('failed'), held: count('held') });
    return verdict === 'fixed' ? [regression.failureId] : [];
  });
  return changes.filter(({ failureId }) => fixed.includes(failureId));
}

/** What a model once said of the known failures that are replayed, by their ids: it is not asked again. */
async function recalledExplanations(
  deps: ActivityDeps,
  { request }: CycleRecord,
  clusters: readonly FailureCluster[],
): Promise<ReadonlyMap<string, Explanation>> {
  if (request.regressions !== true || deps.llm === undefined) return new Map();
  const ids = clusters.flatMap(({ previousFailureId }) => previousFailureId ?? []);
  const known = await deps.stores.failures.recorded(ids);
  return new Map(known.map((finding) => [finding.id, explanationOf(finding)]));
}

function highest(findings: readonly StoredFinding[]): Severity | null {
  return SEVERITIES.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? null;
}

async function findingOf(
  deps: ActivityDeps,
  cycleId: string,
  cluster: FailureCluster,
  failure: FailureCase,
  by: { readonly researcher: Researcher; readonly recalled: Explanation | undefined },
): Promise<{ readonly finding: StoredFinding; readonly budgetExhausted: boolean }> {
  const { value: explanation, budgetExhausted } =
    by.recalled === undefined
      ? await withFallback(by.researcher, (one) => one.explainFailure(failure))
      : { value: by.recalled, budgetExhausted: false };
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
