import type { ExperimentDesign } from '../domain/experiment';
import { explainByRule } from './offline-explanation';
import { rankHypotheses } from './offline-hypotheses';
import { proposeByRule } from './offline-interventions';
import { productionFirst } from './offline-trace-hypotheses';
import type { ExperimentLibrary, FamilyExperiment } from './library';
import type { DesignInput, Researcher } from './researcher';

/** Changes whenever the rules change; what the library says is told by its own version. */
const RULES = 'taxonomy-rules-3';

/** The researcher that needs no model: it knows the taxonomy, a library of experiments and the memory, nothing else. */
export function createOfflineResearcher(library: ExperimentLibrary): Researcher {
  return {
    name: 'offline',
    version: `${RULES} families-${library.version}`,
    proposeHypotheses: async (input) =>
      Promise.resolve(productionFirst(rankHypotheses(library.families, input), input)),
    designExperiments: async (input) => Promise.resolve(chooseExperiments(library, input)),
    explainFailure: async (failure) => Promise.resolve(explainByRule(failure)),
    paraphrase: async () => Promise.resolve([]),
    designInterventions: async (failure) => Promise.resolve(proposeByRule(failure)),
  };
}

/** Experiments of the type's family: first those that found what is still open, then on from where memory stopped. */
function chooseExperiments(
  { families }: ExperimentLibrary,
  { hypothesis, count, memory }: DesignInput,
): readonly ExperimentDesign[] {
  const { failureType } = hypothesis;
  const experiments = families.find((family) => family.failureType === failureType)?.experiments ?? [];
  const tried = memory.history.find((entry) => entry.failureType === failureType)?.experiments ?? 0;
  const start = experiments.length === 0 ? 0 : tried % experiments.length;
  const rotated = [...experiments.slice(start), ...experiments.slice(0, start)];
  const open = new Set(
    memory.knownFailures
      .filter((known) => known.failureType === failureType && known.state === 'open')
      .map(({ trigger }) => trigger),
  );
  const findsOpen = ({ cases }: FamilyExperiment): boolean => cases.some(({ trigger }) => open.has(trigger));
  return [...rotated.filter(findsOpen), ...rotated.filter((experiment) => !findsOpen(experiment))]
    .slice(0, count)
    .map((experiment) => ({ ...experiment, failureType, destructive: false }));
}
