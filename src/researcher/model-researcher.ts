import type { ExperimentDesign, SimulatedTool, TestCase } from '../domain/experiment';
import { refutedLast } from '../domain/hypothesis-novelty';
import { withOwnTools } from '../domain/target-tools';
import type { Ask, DesignInput, Explanation, FailureCase, Researcher } from './researcher';
import { DESIGNS_SYSTEM, designsPrompt } from './prompts/designs';
import { EXPLANATION_SYSTEM, explanationPrompt } from './prompts/explanations';
import { HYPOTHESES_SYSTEM, hypothesesPrompt } from './prompts/hypotheses';
import { INTERVENTIONS_SYSTEM, interventionsPrompt } from './prompts/interventions';
import { PARAPHRASES_SYSTEM, paraphrasesPrompt } from './prompts/paraphrases';
import { PROMPT_VERSION } from './prompts/role';
import {
  DESIGNS_PER_ANSWER,
  designsAnswer,
  type DesignedCase,
  explanationAnswer,
  hypothesesAnswer,
  interventionsAnswer,
  paraphrasesAnswer,
} from './schemas';

/** Version of every record that a model researcher makes. */
export const MODEL_RESEARCHER_VERSION = PROMPT_VERSION;

export interface ModelResearcherOptions {
  /** The provider of the model. */
  readonly name: string;
  /** Output limit of each call, in tokens; a model that thinks needs room for its thoughts too. */
  readonly maxOutputTokens?: number;
}

/**
 * A researcher that asks a model in every phase. Everything it returns has passed the schemas of `schemas.ts`.
 * @throws {DomainError} `model_output_invalid`, and whatever `ask` throws.
 */
export function createModelResearcher(ask: Ask, options: ModelResearcherOptions): Researcher {
  const { name, maxOutputTokens = 16_000 } = options;
  return {
    name,
    version: MODEL_RESEARCHER_VERSION,

    async proposeHypotheses(input) {
      const { hypotheses } = await ask({
        operation: 'hypotheses',
        system: HYPOTHESES_SYSTEM,
        prompt: hypothesesPrompt(input),
        answerName: 'propose_hypotheses',
        schema: hypothesesAnswer,
        maxOutputTokens,
      });
      const byPriority = hypotheses.toSorted((a, b) => a.priority - b.priority);
      return refutedLast(byPriority, input.target.name, input.memory).slice(0, input.count);
    },

    designExperiments: (input) => designExperiments(ask, input, maxOutputTokens),

    async explainFailure(failure) {
      const { evidence, ...explanation } = await ask({
        operation: `explain/${failure.ordinal}`,
        system: EXPLANATION_SYSTEM,
        prompt: explanationPrompt(failure),
        answerName: 'explain_failure',
        schema: explanationAnswer(failure.example),
        maxOutputTokens,
      });
      const quotes = evidence.map(({ messageIndex, quote }) => `message ${messageIndex} says “${quote}”`);
      return { ...explanation, rootCause: `${explanation.rootCause} Evidence: ${quotes.join('; ')}.` };
    },

    async paraphrase({ failureId, turns }) {
      const { paraphrases } = await ask({
        operation: `paraphrase/${failureId}`,
        system: PARAPHRASES_SYSTEM,
        prompt: paraphrasesPrompt(turns),
        answerName: 'paraphrase',
        schema: paraphrasesAnswer(turns.length),
        maxOutputTokens,
      });
      return paraphrases;
    },

    async designInterventions(failure: FailureCase, explanation: Explanation) {
      const { interventions } = await ask({
        operation: `interventions/${failure.ordinal}`,
        system: INTERVENTIONS_SYSTEM,
        prompt: interventionsPrompt(failure, explanation),
        answerName: 'propose_interventions',
        schema: interventionsAnswer,
        maxOutputTokens,
      });
      return interventions;
    },
  };
}

/** A few designs an answer, so that no answer outgrows the output limit. */
async function designExperiments(
  ask: Ask,
  input: DesignInput,
  maxOutputTokens: number,
): Promise<readonly ExperimentDesign[]> {
  const designs: ExperimentDesign[] = [];
  const { tools: ownTools = [] } = input.target;
  const schema = designsAnswer(ownTools.map(({ name }) => name));
  for (let part = 0; part * DESIGNS_PER_ANSWER < input.count; part++) {
    const wanted = Math.min(DESIGNS_PER_ANSWER, input.count - part * DESIGNS_PER_ANSWER);
    const titles = designs.map(({ title }) => title);
    const answer = await ask({
      operation: `design/${input.ordinal}/${part}`,
      system: DESIGNS_SYSTEM,
      prompt: designsPrompt(input, wanted, titles),
      answerName: 'design_experiments',
      schema,
      maxOutputTokens,
    });
    for (const design of answer.designs.slice(0, wanted)) {
      designs.push({
        ...design,
        cases: design.cases.map((designed) => concrete(designed, ownTools)),
        controls: design.controls.map((designed) => concrete(designed, ownTools)),
        failureType: input.hypothesis.failureType,
        destructive: false,
      });
    }
  }
  return designs;
}

/** The case with the tools that it names: the record of an experiment holds all that a replay needs. */
function concrete(
  { targetTools = [], ...testCase }: DesignedCase,
  ownTools: readonly SimulatedTool[],
): TestCase {
  return withOwnTools(testCase, ownTools, targetTools);
}
