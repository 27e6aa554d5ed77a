import type { HypothesisDraft } from '../domain/hypothesis';
import type { FailureClass, FailureType } from '../domain/taxonomy';
import type { TraceFailure } from '../domain/trace-failures';
import type { HypothesisInput } from './researcher';

/** At most so much of a cycle verifies what production showed: the rest goes on exploring. */
const PRODUCTION_SHARE = 0.5;
const CITED_TRACES = 3;

const SURFACES: Readonly<Record<FailureClass, string>> = {
  reasoning: 'chat',
  long_context: 'conversation',
  tool_use: 'tools',
  feedback_loop: 'conversation',
  deployment: 'operations',
};

/**
 * The hypotheses of a cycle with those that verify what production showed in front: one a failure type, the gravest first,
 * up to half of the `count` (at least one). They take the place of ranked hypotheses of the same type and of the last
 * ones. Under a focus only types that were ranked are verified.
 */
export function productionFirst(
  ranked: readonly HypothesisDraft[],
  { memory, focus, count }: Pick<HypothesisInput, 'memory' | 'focus' | 'count'>,
): readonly HypothesisDraft[] {
  const seen = new Map<FailureType, TraceFailure[]>();
  for (const failure of memory.traceFailures ?? []) {
    const { failureType } = failure;
    const wanted = focus === null || ranked.some((draft) => draft.failureType === failureType);
    if (wanted) seen.set(failureType, [...(seen.get(failureType) ?? []), failure]);
  }
  const slots = Math.max(1, Math.floor(count * PRODUCTION_SHARE));
  const verified = [...seen.values()].slice(0, slots).map(verificationOf);
  if (verified.length === 0) return ranked;
  const types = new Set(verified.map(({ failureType }) => failureType));
  return [...verified, ...ranked.filter(({ failureType }) => !types.has(failureType))]
    .slice(0, count)
    .map((draft, at) => ({ ...draft, priority: at + 1 }));
}

function verificationOf(failures: readonly TraceFailure[]): HypothesisDraft {
  const [first, ...others] = failures;
  if (first === undefined) throw new RangeError('no failure was given');
  const { failureType, failureClass, trigger, share } = first;
  return {
    targetSurface: SURFACES[failureClass],
    expectedFailure: `as in production: ${trigger}`,
    failureType,
    confidence: Number(((share.count + 1) / (share.count + 2)).toFixed(3)),
    priority: 1,
    rationale: rationaleOf(first, others),
  };
}

function rationaleOf(
  { trigger, share, traceIds, evidence, severity }: TraceFailure,
  others: readonly TraceFailure[],
): string {
  const interval =
    share.low === null || share.high === null
      ? ''
      : ` (95 % interval ${percent(share.low)} to ${percent(share.high)})`;
  const quote =
    evidence[0] === undefined ? '' : ` It reads "${evidence[0].quote}" in span ${evidence[0].spanId}.`;
  const more =
    others.length === 0
      ? ''
      : ` Also seen: ${others
          .slice(0, 3)
          .map((one) => `"${one.trigger}"`)
          .join(', ')}.`;
  return (
    `Chosen by the offline rules, without a model, to verify what production showed: "${trigger}" (${severity}) in ` +
    `${share.count} of ${share.n} traces where it could occur${interval}, as in ${traceIds.slice(0, CITED_TRACES).join(', ')}.` +
    `${quote}${more} Confidence is (traces + 1) / (traces + 2).`
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
