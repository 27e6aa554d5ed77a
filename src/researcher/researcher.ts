import type { z } from 'zod';
import type { ExperimentDesign, Transcript } from '../domain/experiment';
import type { FailureType } from '../domain/taxonomy';
import type { HypothesisDraft } from '../domain/hypothesis';
import type { InterventionDraft } from '../domain/intervention';
import type { MemorySnapshot } from '../domain/memory';
import type { TargetDescription } from '../domain/target';

/** One structured question to a model, with the schema that reads its answer. */
export interface Question<T> {
  /** Names the call in the ledger and the logs; unique within a cycle, the same on a retry. */
  readonly operation: string;
  readonly system: string;
  readonly prompt: string;
  readonly answerName: string;
  readonly schema: z.ZodType<T>;
  readonly maxOutputTokens: number;
}

/** Asks the model and reads the answer; an answer that does not parse is asked again at most twice, with the error shown. */
export type Ask = <T>(question: Question<T>) => Promise<T>;

export interface HypothesisInput {
  readonly focus: string | null;
  readonly target: TargetDescription;
  readonly memory: MemorySnapshot;
  readonly count: number;
}

export interface DesignInput {
  readonly hypothesis: HypothesisDraft;
  /** Position of the hypothesis in the cycle; makes `operation` unique. */
  readonly ordinal: number;
  readonly target: TargetDescription;
  readonly count: number;
  readonly memory: MemorySnapshot;
}

/** A cluster of failed runs as the researcher sees it. */
export interface FailureCase {
  readonly ordinal: number;
  readonly failureType: FailureType;
  readonly trigger: string;
  readonly failedRuns: number;
  readonly assessedRuns: number;
  /** One failed transcript, shortened to what fits. */
  readonly example: Transcript;
  readonly target: TargetDescription;
}

export interface Explanation {
  readonly description: string;
  readonly rootCause: string;
  /** Impact of the failure on users of this target, 0 (none) to 1 (worst), with a reason. */
  readonly impact: number;
  readonly impactReason: string;
}

/** The turns of a stimulus that are to be said in other words. */
interface ParaphraseInput {
  /** Makes `operation` unique. */
  readonly failureId: string;
  readonly turns: readonly string[];
}

/** Reasons about the target; where it needs a model, it asks through the `Ask` it was made with. */
export interface Researcher {
  /** `offline`, or the provider of the model it asks. */
  readonly name: string;
  /** Version of prompts or rules; part of every record it makes. */
  readonly version: string;
  proposeHypotheses(input: HypothesisInput): Promise<readonly HypothesisDraft[]>;
  designExperiments(input: DesignInput): Promise<readonly ExperimentDesign[]>;
  explainFailure(failure: FailureCase): Promise<Explanation>;
  /** The same turns, as many, in other words that mean the same; none without a model. */
  paraphrase(input: ParaphraseInput): Promise<readonly (readonly string[])[]>;
  /** Best first; at most three. */
  designInterventions(failure: FailureCase, explanation: Explanation): Promise<readonly InterventionDraft[]>;
}
