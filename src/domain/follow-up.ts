import type { RunOutcome, TestCase } from './experiment';
import type { Rate } from './failure';
import { minimise } from './minimise';
import type { Trial } from './minimise';
import { namesOf, saysSomething, sentenceParts, wholeParts } from './stimulus-parts';
import type { Divided, StimulusPart } from './stimulus-parts';
import { playsToTell, reportOf } from './trigger-report';
import type { FollowUpReport, VariedOutcome } from './trigger-report';
import { variationsOf } from './variations';
import type { Variation } from './variations';

/** Fewer calls would show nothing. */
export const LEAST_FOLLOW_UP_CALLS = 6;
/** Plays of one variation, at most. */
const PLAYS_OF_A_VARIATION = 2;

/** A play that a follow-up asks for. */
export interface FollowUpPlay {
  readonly step: 'minimise' | 'verify' | 'vary';
  /** What was changed, for people. */
  readonly change: string;
  readonly testCase: TestCase;
}

export interface FollowUpInput {
  /** The stimulus of runs that failed. */
  readonly testCase: TestCase;
  /** How often they failed. */
  readonly observed: Pick<Rate, 'count' | 'n'>;
  /** Plays that may be asked for. */
  readonly calls: number;
  /** The turns of a stimulus in other words; none where there is no model. */
  readonly paraphrase: (minimal: TestCase) => Promise<readonly (readonly string[])[]>;
  /** Plays them with fresh seeds; the outcomes in the same order. */
  readonly play: (plays: readonly FollowUpPlay[]) => Promise<readonly RunOutcome[]>;
}

/**
 * Follows up a failure: looks for the shortest stimulus that still fails, verifies it with fresh plays, and varies it to
 * see what it takes. What it asks for follows from the outcomes alone: one that was interrupted asks for the same again.
 * Of the calls, half may go into looking, a quarter into verifying, the rest into varying.
 *
 * Of a failure that shows now and then, one failed play is enough to go on without a part, and it takes several that hold
 * for the part to count as necessary. No rate counts the plays that led to the shortest stimulus, which was chosen because
 * they failed; when none of the fresh ones fails, it is given up for the original.
 */
export async function followUp(input: FollowUpInput): Promise<FollowUpReport> {
  const { testCase: original, calls } = input;
  const search = new Search(input, Math.floor(calls / 2));
  const whole = await search.reduce(original, wholeParts);
  const finest = await search.reduce(whole.testCase, sentenceParts);
  const played = await verifyAndVary(input, finest.testCase, calls - search.asked);
  const { verified, minimal, varied } = played;
  const stands = minimal === finest.testCase;
  const seeds: VariedOutcome = {
    kind: 'seeds',
    change: 'the same again, with other seeds',
    outcomes: verified,
  };
  return reportOf({
    original,
    minimal,
    verified: stands ? verified : null,
    parts: {
      irrelevant: stands ? [...whole.removed, ...finest.removed] : [],
      necessary: [...whole.necessary, ...finest.necessary],
      undecided: [...whole.undecided, ...finest.undecided],
      fixed: whole.fixed,
    },
    variations: stands ? [seeds, ...varied] : varied,
    calls: search.asked + played.asked,
  });
}

interface VerifiedAndVaried {
  readonly verified: readonly RunOutcome[];
  /** What was varied: the shortest stimulus, or the original one where that did not fail again. */
  readonly minimal: TestCase;
  readonly varied: readonly VariedOutcome[];
  readonly asked: number;
}

/** With so many calls: a shorter stimulus may have to be given up before it is varied, else all is asked for at once. */
async function verifyAndVary(
  input: FollowUpInput,
  shortest: TestCase,
  calls: number,
): Promise<VerifiedAndVaried> {
  const shorter = shortest !== input.testCase;
  const change = shorter ? 'the shortest that failed' : 'the same again';
  const verification = Array.from({ length: Math.ceil(input.calls / 4) }, (): FollowUpPlay => ({
    step: 'verify',
    change,
    testCase: shortest,
  }));
  const left = calls - verification.length;
  if (!shorter) {
    const variations = await Variations.of(input, shortest, left);
    const outcomes = await input.play([...verification, ...variations.plays]);
    const [verified, rest] = [outcomes.slice(0, verification.length), outcomes.slice(verification.length)];
    return { verified, minimal: shortest, varied: variations.with(rest), asked: outcomes.length };
  }
  const verified = await input.play(verification);
  const minimal = verified.includes('failed') ? shortest : input.testCase;
  const variations = await Variations.of(input, minimal, left);
  const varied = await input.play(variations.plays);
  return { verified, minimal, varied: variations.with(varied), asked: verified.length + varied.length };
}

/** What became of the parts of a stimulus. */
interface Reduced {
  readonly testCase: TestCase;
  readonly removed: readonly StimulusPart[];
  readonly necessary: readonly StimulusPart[];
  /** Neither could be done without nor was seen to be needed. */
  readonly undecided: readonly StimulusPart[];
  readonly fixed: readonly StimulusPart[];
}

/** The search for the shortest stimulus, within so many calls. */
class Search {
  asked = 0;
  /** Plays that must hold to say that a failure is gone. */
  private readonly toTell: number;

  constructor(
    private readonly input: FollowUpInput,
    private readonly calls: number,
  ) {
    this.toTell = playsToTell(input.observed);
  }

  async reduce(testCase: TestCase, divide: (testCase: TestCase) => Divided): Promise<Reduced> {
    const { parts, fixed, withOnly } = divide(testCase);
    const { kept, necessary } = await minimise(parts, (some) => {
      const gone = parts.filter((part) => !some.includes(part));
      return this.trial(withOnly(some), `without ${namesOf(gone)}`);
    });
    return {
      testCase: kept.length === parts.length ? testCase : withOnly(kept),
      removed: parts.filter((part) => !kept.includes(part)),
      necessary,
      undecided: kept.filter((part) => !necessary.includes(part)),
      fixed,
    };
  }

  private async trial(testCase: TestCase, change: string): Promise<Trial> {
    if (!saysSomething(testCase)) return 'holds';
    let held = 0;
    // One by itself: where the failure is still there, it often shows at once.
    for (const plays of [1, this.toTell - 1]) {
      const affordable = Math.min(plays, this.calls - this.asked);
      if (affordable <= 0) continue;
      this.asked += affordable;
      const asked = Array.from({ length: affordable }, () => ({
        step: 'minimise' as const,
        change,
        testCase,
      }));
      const outcomes = await this.input.play(asked);
      if (outcomes.includes('failed')) return 'fails';
      held += outcomes.filter((outcome) => outcome === 'held').length;
    }
    return held >= this.toTell ? 'holds' : 'unknown';
  }
}

/** As many variations of a stimulus as there are calls for, each played as often as the others. */
class Variations {
  readonly plays: readonly FollowUpPlay[];

  private constructor(
    private readonly all: readonly Variation[],
    private readonly times: number,
  ) {
    this.plays = all.flatMap(({ change, testCase }) =>
      Array.from({ length: times }, (): FollowUpPlay => ({ step: 'vary', change, testCase })),
    );
  }

  static async of({ paraphrase }: FollowUpInput, testCase: TestCase, calls: number): Promise<Variations> {
    const all = variationsOf(testCase, await paraphrase(testCase)).slice(0, calls);
    return new Variations(all, Math.min(PLAYS_OF_A_VARIATION, Math.floor(calls / Math.max(1, all.length))));
  }

  /** With what became of its plays. */
  with(outcomes: readonly RunOutcome[]): readonly VariedOutcome[] {
    return this.all.map(({ kind, change }, index) => ({
      kind,
      change,
      outcomes: outcomes.slice(index * this.times, (index + 1) * this.times),
    }));
  }
}
