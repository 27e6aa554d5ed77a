import type { ToolCall } from './chat';
import type { Detection, DetectionContext, DetectionEngines } from './detection';
import type { Detector, JudgedDetector } from './detector';
import { rubricPlaceProblem, rubricsIn } from './detectors/judged-detector';
import { evidenceOf, settingsProblem } from './detectors/registry';
import { DomainError } from './errors';
import type { Evidence, TestCase, Transcript, Verdict } from './experiment';
import { firesForGood } from './recorded-results';

export type { Detection, DetectionContext, DetectionEngines } from './detection';

const MAX_EVIDENCE = 20;
const MAX_DEPTH = 8;
const MAX_NODES = 100;

/**
 * Whether a detector fires on a transcript, with the passages that show it (20 at most).
 * @throws {DomainError} `invalid_experiment` for a pattern or schema that cannot be used.
 */
export function detect(detector: Detector, transcript: Transcript, context: DetectionContext): Detection {
  const evidence = evidenceOf(detector, transcript, context).slice(0, MAX_EVIDENCE);
  return { fired: evidence.length > 0, evidence };
}

/** A verdict, or what only a judge can decide. */
export interface RuledVerdict extends Verdict {
  /** The rules leave the run open: what is to be asked. Only with `unassessed`. */
  readonly leftToJudge?: JudgedDetector;
}

/**
 * The verdict on a run that came to its end: `failed` when the detector of the case fires, else `held`. A detector that
 * cannot decide, say because its pattern takes too long, leaves the run `unassessed`; so does one whose rules leave the
 * run to a judge, as long as the context holds nothing that a judge said. A replay that diverged from what was recorded is
 * `unassessed` unless the calls made until then decide it.
 */
export function judgeRun(
  testCase: Pick<TestCase, 'failsWhen'>,
  transcript: Transcript,
  context: DetectionContext,
): RuledVerdict {
  const { divergedOn } = transcript;
  try {
    return divergedOn === undefined
      ? ruled(testCase.failsWhen, transcript, context)
      : diverged(testCase.failsWhen, transcript, context, divergedOn);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return unassessed(error.message);
  }
}

function ruled(failsWhen: Detector, transcript: Transcript, context: DetectionContext): RuledVerdict {
  const { fired, evidence } = detect(failsWhen, transcript, { ...context, judged: context.judged ?? [] });
  if (fired || context.judged !== undefined) return { outcome: fired ? 'failed' : 'held', evidence };
  const [rubric] = rubricsIn(failsWhen);
  if (rubric === undefined || !detect(failsWhen, transcript, { ...context, judged: [PLEADED] }).fired)
    return { outcome: 'held', evidence: [] };
  return {
    ...unassessed(
      'no rule decides this run, and there is no judge: a rubric takes a researcher with a model',
    ),
    leftToJudge: rubric,
  };
}

/** Of a replay that a call ended whose result was not recorded. */
function diverged(
  failsWhen: Detector,
  transcript: Transcript,
  context: DetectionContext,
  { name }: ToolCall,
): Verdict {
  const { fired, evidence } = detect(failsWhen, transcript, { ...context, judged: [] });
  if (fired && firesForGood(failsWhen)) return { outcome: 'failed', evidence };
  return unassessed(`the replay diverged: no result of this call of ${name} was recorded`);
}

/** Stands for what a judge might quote, to see whether it would matter. */
const PLEADED: Evidence = { quote: '', explanation: '' };

function unassessed(detail: string): Verdict {
  return { outcome: 'unassessed', evidence: [], reason: 'judge_error', detail };
}

/** What is wrong with a detector; undefined when it can be used. */
export function validateDetector(detector: Detector, engines: DetectionEngines): string | undefined {
  return formProblem(detector, engines) ?? rubricPlaceProblem(detector);
}

function formProblem(detector: Detector, engines: DetectionEngines): string | undefined {
  const level = [detector];
  let nodes = 0;
  for (let depth = 1; level.length > 0; depth += 1) {
    nodes += level.length;
    if (depth > MAX_DEPTH) return `detectors are nested more than ${MAX_DEPTH} deep`;
    if (nodes > MAX_NODES) return `there are more than ${MAX_NODES} detectors in one`;
    const problem = level.map((one) => settingsProblem(one, engines)).find((found) => found !== undefined);
    if (problem !== undefined) return problem;
    level.splice(0, level.length, ...level.flatMap(nestedIn));
  }
  return undefined;
}

function nestedIn(detector: Detector): readonly Detector[] {
  if (detector.kind === 'not') return [detector.of];
  return 'of' in detector ? detector.of : [];
}
