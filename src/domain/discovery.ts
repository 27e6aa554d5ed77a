import { DomainError } from './errors';
import type { Evidence, ExperimentDesign, RunOutcome, Transcript } from './experiment';
import type { FailureState, Novelty, Rate } from './failure';
import type { InjectionAttempt, PlacedAttempt } from './injection-attempts';
import { assessmentOf } from './judge';
import type { Assessment, Judgement } from './judge';
import type { KnownFailure } from './memory';
import { severityRank } from './severity';
import { rateOf } from './statistics';
import { defaultSeverityOf } from './taxonomy';
import type { FailureType } from './taxonomy';
import { cutToBytes } from './text-size';
import { NEARLY_THE_SAME, trigramSimilarity, trigramsOf } from './trigrams';
import { triggerSignature } from './trigger-signature';

/** Assessed runs that must hold before a known failure counts as not reproduced. */
const ENOUGH_HELD_RUNS = 3;
const MAX_EVIDENCE = 10;
const MAX_EVIDENCE_BYTES = 1_000;

interface DiscoveryExperiment {
  readonly id: string;
  readonly design: Pick<ExperimentDesign, 'failureType' | 'cases'>;
}

interface DiscoveryRun {
  readonly id: string;
  readonly experimentId: string;
  readonly ordinal: number;
  /** Into the cases of the design. */
  readonly caseIndex: number;
  readonly outcome: RunOutcome;
  readonly evidence: readonly Evidence[];
  readonly transcript: Transcript;
  /** Where a judge was asked. */
  readonly judgement?: Judgement | null;
  readonly injectionAttempts?: readonly PlacedAttempt[];
}

/** Everything a cycle did, and what was known before it. */
export interface DiscoveryInput<R extends DiscoveryRun = DiscoveryRun> {
  /** The name of the target. */
  readonly target: string;
  readonly experiments: readonly DiscoveryExperiment[];
  readonly runs: readonly R[];
  /** The latest failure of each signature on this target, from other cycles. */
  readonly knownFailures: readonly KnownFailure[];
}

/** Failed runs of one cycle with the same trigger signature: one failure. */
export interface FailureCluster<R extends DiscoveryRun = DiscoveryRun> {
  readonly triggerSignature: string;
  readonly failureType: FailureType;
  /** As the test case of the example words it. */
  readonly trigger: string;
  /** The experiment of the example. */
  readonly experimentId: string;
  /** Over all assessed runs of test cases with this signature, in any experiment of the cycle. */
  readonly reproducibility: Rate;
  readonly novelty: Novelty;
  /** The known failure it repeats, in the same words or nearly; null when it is new. */
  readonly previousFailureId: string | null;
  /** The first failed run that quotes evidence, or else the first. */
  readonly example: R;
  /** Each passage once, at most ten, shortened; without `messageIndex`, which points into one run's transcript. */
  readonly evidence: readonly Evidence[];
  /** By experiment, then position. */
  readonly failedRunIds: readonly string[];
  /** Who decided the runs behind `reproducibility`. */
  readonly assessed: Assessment;
  /** Of its failed runs, each passage once, at most ten. */
  readonly injectionAttempts: readonly InjectionAttempt[];
}

/** A known failure that this cycle moves to another state. */
interface FailureStateChange {
  readonly failureId: string;
  readonly state: FailureState;
}

export interface Discovery<R extends DiscoveryRun = DiscoveryRun> {
  /** Most severe type first, then by signature. */
  readonly clusters: readonly FailureCluster<R>[];
  /** By signature. */
  readonly stateChanges: readonly FailureStateChange[];
}

/** What was observed of one signature. */
interface Observation<R> {
  readonly triggerSignature: string;
  readonly failureType: FailureType;
  readonly failed: { readonly run: R; readonly trigger: string }[];
  readonly assessed: R[];
}

/**
 * Groups the failed runs of a cycle by trigger signature and compares them with what was known. A failure that was known
 * as open is `seen`; one that had been resolved or not reproduced is `regressed`. A signature that is not known is `seen`
 * too where an open failure of its type has nearly the same trigger: it is that failure in other words. An open one becomes `not_reproduced`
 * when at least three runs of its signature were assessed and none failed. Runs that could not be assessed count neither
 * way. The order in which runs arrive makes no difference.
 * @throws {DomainError} `invalid_experiment` for a run of an unknown experiment or test case.
 */
export function discover<R extends DiscoveryRun>(input: DiscoveryInput<R>): Discovery<R> {
  const observed = observe(input);
  const bySignature = new Map(input.knownFailures.map((failure) => [failure.triggerSignature, failure]));
  const clusters = [...observed.values()].flatMap((observation) => {
    const [first] = observation.failed;
    if (first === undefined) return [];
    const known =
      bySignature.get(observation.triggerSignature) ??
      nearestOpen(observation.failureType, first.trigger, input.knownFailures);
    return [clusterOf(observation, first, known)];
  });
  return {
    clusters: clusters.toSorted(mostSevereFirst),
    stateChanges: notReproduced(observed, input.knownFailures),
  };
}

function observe<R extends DiscoveryRun>(input: DiscoveryInput<R>): ReadonlyMap<string, Observation<R>> {
  const positions = new Map(input.experiments.map(({ id }, position) => [id, position]));
  const experiments = new Map(input.experiments.map((experiment) => [experiment.id, experiment]));
  const position = ({ experimentId }: R): number => positions.get(experimentId) ?? 0;
  const inOrder = input.runs.toSorted((a, b) => position(a) - position(b) || a.ordinal - b.ordinal);
  const observed = new Map<string, Observation<R>>();
  for (const run of inOrder) {
    const design = experiments.get(run.experimentId)?.design;
    const trigger = design?.cases[run.caseIndex]?.trigger;
    if (design === undefined || trigger === undefined) {
      throw new DomainError('invalid_experiment', `run ${run.id} belongs to no test case of the cycle`);
    }
    if (run.outcome === 'unassessed') continue;
    const { failureType } = design;
    const signature = triggerSignature(input.target, failureType, trigger);
    const observation = observed.get(signature) ?? {
      triggerSignature: signature,
      failureType,
      failed: [],
      assessed: [],
    };
    observation.assessed.push(run);
    if (run.outcome === 'failed') observation.failed.push({ run, trigger });
    observed.set(signature, observation);
  }
  return observed;
}

function clusterOf<R extends DiscoveryRun>(
  { triggerSignature: signature, failureType, failed, assessed }: Observation<R>,
  first: { readonly run: R; readonly trigger: string },
  known: KnownFailure | undefined,
): FailureCluster<R> {
  const example = failed.find(({ run }) => run.evidence.length > 0) ?? first;
  return {
    triggerSignature: signature,
    failureType,
    trigger: example.trigger,
    experimentId: example.run.experimentId,
    reproducibility: rateOf(failed.length, assessed.length),
    novelty: noveltyOf(known),
    previousFailureId: known?.failureId ?? null,
    example: example.run,
    evidence: distinctEvidence([example, ...failed].flatMap(({ run }) => run.evidence)),
    failedRunIds: failed.map(({ run }) => run.id),
    assessed: assessmentOf(assessed),
    injectionAttempts: distinctAttempts(failed.flatMap(({ run }) => run.injectionAttempts ?? [])),
  };
}

function noveltyOf(known: KnownFailure | undefined): Novelty {
  if (known === undefined) return 'new';
  return known.state === 'open' ? 'seen' : 'regressed';
}

/** The open failure of the same type with nearly the same trigger, the likest; of several the first. */
function nearestOpen(
  failureType: FailureType,
  trigger: string,
  knownFailures: readonly KnownFailure[],
): KnownFailure | undefined {
  const wanted = trigramsOf(trigger);
  const alike = knownFailures
    .filter((failure) => failure.state === 'open' && failure.failureType === failureType)
    .map((failure) => ({ failure, similarity: trigramSimilarity(wanted, trigramsOf(failure.trigger)) }))
    .filter(({ similarity }) => similarity >= NEARLY_THE_SAME)
    .toSorted(
      (a, b) =>
        b.similarity - a.similarity || compareText(a.failure.triggerSignature, b.failure.triggerSignature),
    );
  return alike[0]?.failure;
}

function distinctEvidence(evidence: readonly Evidence[]): readonly Evidence[] {
  const distinct = new Map<string, Evidence>();
  for (const { quote, explanation } of evidence) {
    if (distinct.size === MAX_EVIDENCE) break;
    const shortened = {
      quote: cutToBytes(quote, MAX_EVIDENCE_BYTES),
      explanation: cutToBytes(explanation, MAX_EVIDENCE_BYTES),
    };
    const key = JSON.stringify(shortened);
    if (!distinct.has(key)) distinct.set(key, shortened);
  }
  return [...distinct.values()];
}

function distinctAttempts(attempts: readonly PlacedAttempt[]): readonly InjectionAttempt[] {
  const distinct = new Map(attempts.map(({ kind, quote }) => [`${kind} ${quote}`, { kind, quote }]));
  return [...distinct.values()].slice(0, MAX_EVIDENCE);
}

function notReproduced<R>(
  observed: ReadonlyMap<string, Observation<R>>,
  knownFailures: readonly KnownFailure[],
): readonly FailureStateChange[] {
  return knownFailures
    .filter(({ state, triggerSignature: signature }) => {
      const observation = observed.get(signature);
      if (state !== 'open' || observation === undefined) return false;
      return observation.assessed.length >= ENOUGH_HELD_RUNS && observation.failed.length === 0;
    })
    .toSorted((a, b) => compareText(a.triggerSignature, b.triggerSignature))
    .map(({ failureId }) => ({ failureId, state: 'not_reproduced' }));
}

function mostSevereFirst(a: FailureCluster, b: FailureCluster): number {
  const rank = ({ failureType }: FailureCluster): number => severityRank(defaultSeverityOf(failureType));
  return rank(b) - rank(a) || compareText(a.triggerSignature, b.triggerSignature);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
