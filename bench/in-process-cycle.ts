import { judgeRun } from '../src/domain/detect';
import type { DetectionEngines } from '../src/domain/detection';
import { discover } from '../src/domain/discovery';
import type { FailureCluster } from '../src/domain/discovery';
import { earlyStop, nextLook } from '../src/domain/early-stop';
import type { Evidence, ExperimentDesign, RunOutcome, TestCase, Transcript } from '../src/domain/experiment';
import { EMPTY_MEMORY, type MemorySnapshot } from '../src/domain/memory';
import { playCase, PlayInterrupted } from '../src/domain/play-case';
import { offeredToolsOf } from '../src/domain/stimulus';
import { CallError } from '../src/ports/call-error';
import type { Target } from '../src/ports/target';
import type { Researcher } from '../src/researcher/researcher';

/** How much one cycle may do, as in a request. */
export interface CycleSize {
  readonly maxHypotheses: number;
  readonly maxExperiments: number;
  readonly runsPerExperiment: number;
}

/** What one play came to, and the calls of the target it took. */
interface Played {
  readonly outcome: RunOutcome;
  readonly evidence: readonly Evidence[];
  readonly transcript: Transcript;
  readonly calls: number;
}

interface Run extends Played {
  readonly id: string;
  readonly experimentId: string;
  readonly ordinal: number;
  readonly caseIndex: number;
}

interface Experiment {
  readonly id: string;
  readonly design: ExperimentDesign;
}

/** What one cycle did and found. */
export interface InProcessResult {
  readonly experiments: readonly Experiment[];
  readonly runs: readonly Run[];
  readonly clusters: readonly FailureCluster<Run>[];
  /** Of the target. */
  readonly calls: number;
}

/** Plays test cases against one target. The same case with the same seed is answered the same, so it is played once. */
export class Player {
  private readonly played = new Map<string, Played>();

  constructor(
    readonly target: Target,
    private readonly engines: DetectionEngines,
  ) {}

  async play(testCase: TestCase, maxOutputTokens: number, seed: number): Promise<Played> {
    const key = JSON.stringify([testCase, maxOutputTokens, seed]);
    const known = this.played.get(key);
    if (known !== undefined) return known;
    const played = await this.playAnew(testCase, maxOutputTokens, seed);
    this.played.set(key, played);
    return played;
  }

  private async playAnew(testCase: TestCase, maxOutputTokens: number, seed: number): Promise<Played> {
    const { engines, target } = this;
    const { configuration } = target.describe;
    let calls = 0;
    const call: Parameters<typeof playCase>[0]['call'] = (request) => {
      calls += 1;
      return target.chat(request, NEVER);
    };
    try {
      const transcript = await playCase({
        testCase,
        configuration,
        call,
        isRateLimit: (error) => error instanceof CallError && error.kind === 'rate_limited',
        engines,
        seed,
        maxOutputTokens,
      });
      const offeredTools = offeredToolsOf(testCase);
      const { outcome, evidence } = judgeRun(testCase, transcript, { engines, offeredTools });
      return { outcome, evidence, transcript, calls };
    } catch (error) {
      if (!(error instanceof PlayInterrupted)) throw error;
      return { outcome: 'unassessed', evidence: [], transcript: error.partial, calls };
    }
  }
}

const NEVER = new AbortController().signal;

/** Phases 1 to 4 of a cycle without workflow and database: the same researcher, plays, looks, detectors and clustering. */
export async function runInProcess(
  player: Player,
  researcher: Researcher,
  size: CycleSize,
  memory: MemorySnapshot = EMPTY_MEMORY,
): Promise<InProcessResult> {
  const experiments = await designAll(player.target, researcher, size, memory);
  const runs: Run[] = [];
  for (const experiment of experiments) {
    runs.push(...(await playUntilSettled(player, experiment, size.runsPerExperiment)));
  }
  const { name } = player.target.describe;
  const { clusters } = discover({ target: name, experiments, runs, knownFailures: memory.knownFailures });
  return { experiments, runs, clusters, calls: runs.reduce((sum, { calls }) => sum + calls, 0) };
}

async function designAll(
  { describe }: Target,
  researcher: Researcher,
  { maxHypotheses, maxExperiments }: CycleSize,
  memory: MemorySnapshot,
): Promise<Experiment[]> {
  const input = { focus: null, target: describe, memory, count: maxHypotheses };
  const hypotheses = (await researcher.proposeHypotheses(input)).slice(0, maxHypotheses);
  const designs = await Promise.all(
    hypotheses.map((hypothesis, ordinal) =>
      researcher.designExperiments({ hypothesis, ordinal, target: describe, count: maxExperiments, memory }),
    ),
  );
  return designs.flatMap((each, hypothesis) =>
    each.slice(0, maxExperiments).map((design, position) => ({ id: `${hypothesis}.${position}`, design })),
  );
}

async function playUntilSettled(
  player: Player,
  { id, design }: Experiment,
  wanted: number,
): Promise<readonly Run[]> {
  const runs: Run[] = [];
  while (runs.length < wanted) {
    const look = Math.min(nextLook(runs.length), wanted);
    for (let ordinal = runs.length; ordinal < look; ordinal += 1) {
      const caseIndex = ordinal % design.cases.length;
      const testCase = design.cases[caseIndex];
      if (testCase === undefined) throw new Error(`${design.title} has no case`);
      const played = await player.play(testCase, design.maxOutputTokens, ordinal);
      runs.push({ ...played, id: `${id}.${ordinal}`, experimentId: id, ordinal, caseIndex });
    }
    const outcomes = runs.map(({ outcome }) => outcome);
    if (earlyStop(design.cases, outcomes) !== null) return runs;
  }
  return runs;
}
