import type { ExperimentDesign } from '../domain/experiment';
import { explainByRule } from './offline-explanation';
import { rankHypotheses } from './offline-hypotheses';
import { proposeByRule } from './offline-interventions';
import { familyOf, type FamilyExperiment } from './library';
import type { DesignInput, Researcher } from './researcher';

/** Changes whenever rules or library change, so that records of different rules are told apart. */
const VERSION = 'taxonomy-rules-1';

/** The researcher that needs no model: it knows the taxonomy, a library of experiments and the memory, nothing else. */
export function createOfflineResearcher(): Researcher {
  return {
    name: 'offline',
    version: VERSION,
    proposeHypotheses: async (input) => Promise.resolve(rankHypotheses(input)),
    designExperiments: async (input) => Promise.resolve(chooseExperiments(input)),
    explainFailure: async (failure) => Promise.resolve(explainByRule(failure)),
    paraphrase: async () => Promise.resolve([]),
    designInterventions: async (failure) => Promise.resolve(proposeByRule(failure)),
  };
}

/** Experiments of the type's family: first those that found what is still open, then on from where memory stopped. */
function chooseExperiments({ hypothesis, count, memory }: DesignInput): readonly ExperimentDesign[] {
  const { failureType } = hypothesis;
  const experiments = familyOf(failureType)?.experiments ?? [];
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
