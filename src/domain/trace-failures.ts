import type { Rate } from './failure';
import { severityRank, type Severity } from './severity';
import { rateOf } from './statistics';
import { classOf, defaultSeverityOf, type FailureClass, type FailureType } from './taxonomy';
import type { SignalEvidence, SignalKind, TraceAssessment, TraceSignal } from './trace-signal';
import { triggerSignature } from './trigger-signature';

const MOST_EVIDENCE = 10;
const MOST_TRACE_IDS = 20;

interface TraceEvidence extends SignalEvidence {
  readonly traceId: string;
}

/** A failure seen in recorded traces: signals of one type with one trigger. */
export interface TraceFailure {
  readonly failureType: FailureType;
  readonly failureClass: FailureClass;
  /** The gravest of its signals. */
  readonly severity: Severity;
  /** For people. */
  readonly severityReason: string;
  readonly trigger: string;
  /** As of findings in cycles: target, type and normalised trigger. */
  readonly triggerSignature: string;
  readonly kinds: readonly SignalKind[];
  /**
   * The share of traces that show it among those in which it could have occurred: those that offered tools, called that
   * model, used that tool … It is a share of the traces that were looked at, which may be a sample.
   */
  readonly share: Rate;
  /** The first of the traces that show it: 20 at most. */
  readonly traceIds: readonly string[];
  /** From different traces, as far as there are: 10 at most. */
  readonly evidence: readonly TraceEvidence[];
}

interface Cluster {
  readonly signals: TraceSignal[];
  readonly traceIds: Set<string>;
  readonly exposures: Set<string>;
}

/**
 * Puts the signals of traces together by failure type and trigger. `target` is the configured name of the application that
 * the traces are of. The gravest come first, then the most frequent. A trace should be assessed once.
 */
export function clusterTraceFailures(
  target: string,
  assessments: readonly TraceAssessment[],
): readonly TraceFailure[] {
  const clusters = new Map<string, Cluster>();
  for (const { signals } of assessments) for (const signal of signals) addTo(clusters, target, signal);
  const exposed = exposureIndex(assessments);
  return [...clusters]
    .map(([signature, cluster]) => failureOf(signature, cluster, exposed))
    .toSorted(
      (a, b) =>
        severityRank(b.severity) - severityRank(a.severity) ||
        (b.share.low ?? 0) - (a.share.low ?? 0) ||
        (a.triggerSignature < b.triggerSignature ? -1 : 1),
    );
}

function addTo(clusters: Map<string, Cluster>, target: string, signal: TraceSignal): void {
  const signature = triggerSignature(target, signal.failureType, signal.trigger);
  const cluster = clusters.get(signature) ?? { signals: [], traceIds: new Set(), exposures: new Set() };
  clusters.set(signature, cluster);
  cluster.signals.push(signal);
  cluster.traceIds.add(signal.traceId);
  cluster.exposures.add(exposureKey(signal));
}

function exposureKey({ kind, scope }: { readonly kind: SignalKind; readonly scope: string }): string {
  return `${kind} ${scope}`;
}

/** The traces in which each signal could have occurred. */
function exposureIndex(assessments: readonly TraceAssessment[]): ReadonlyMap<string, ReadonlySet<string>> {
  const index = new Map<string, Set<string>>();
  for (const { traceId, exposures } of assessments) {
    for (const exposure of exposures) {
      const key = exposureKey(exposure);
      const traces = index.get(key) ?? new Set();
      index.set(key, traces.add(traceId));
    }
  }
  return index;
}

function failureOf(
  signature: string,
  { signals, traceIds, exposures }: Cluster,
  exposed: ReadonlyMap<string, ReadonlySet<string>>,
): TraceFailure {
  const gravest = signals.reduce((most, one) =>
    severityRank(one.severity) > severityRank(most.severity) ? one : most,
  );
  const { failureType, severity } = gravest;
  const could = new Set([...traceIds, ...[...exposures].flatMap((key) => [...(exposed.get(key) ?? [])])]);
  return {
    failureType,
    failureClass: classOf(failureType),
    severity,
    severityReason: severityReason(gravest),
    trigger: gravest.trigger,
    triggerSignature: signature,
    kinds: [...new Set(signals.map(({ kind }) => kind))].toSorted(),
    share: rateOf(traceIds.size, could.size),
    traceIds: [...traceIds].slice(0, MOST_TRACE_IDS),
    evidence: evidenceOf(signals),
  };
}

function severityReason({ failureType, severity, explanation }: TraceSignal): string {
  const byDefault = defaultSeverityOf(failureType);
  return severity === byDefault
    ? `${failureType} is ${byDefault} by default; traces alone say nothing of its impact. ${sentence(explanation)}`
    : `${failureType} is ${byDefault} by default, and ${severity} on this evidence: ${sentence(explanation)}`;
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

/** One piece of each signal in turn, so that different traces come first. */
function evidenceOf(signals: readonly TraceSignal[]): readonly TraceEvidence[] {
  const most = Math.max(...signals.map(({ evidence }) => evidence.length));
  return Array.from({ length: most }, (_, at) => at)
    .flatMap((at) =>
      signals.flatMap(({ traceId, evidence }) => {
        const piece = evidence[at];
        return piece === undefined ? [] : [{ ...piece, traceId }];
      }),
    )
    .slice(0, MOST_EVIDENCE);
}
