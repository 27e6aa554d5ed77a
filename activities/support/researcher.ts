import { stricterMode } from '../../src/domain/mode';
import type { CycleRecord, ResearcherStamp } from '../../src/ports/stores';
import { createAsk } from '../../src/researcher/ask';
import { createModelResearcher, MODEL_RESEARCHER_VERSION } from '../../src/researcher/model-researcher';
import { createOfflineResearcher } from '../../src/researcher/offline';
import type { Researcher } from '../../src/researcher/researcher';
import type { ActivityDeps } from '../deps';
import { cycleScopes } from './cycle-scopes';
import { recordedCall } from './model-call';
import type { ModelCallDeps } from './model-call';
import { priceInMode } from './pricing';

/** Which researcher is configured, as every record names it. */
export function researcherStamp({ llm, library }: Pick<ActivityDeps, 'llm' | 'library'>): ResearcherStamp {
  if (llm !== undefined) {
    return { researcher: `${llm.provider}:${llm.model}`, researcherVersion: MODEL_RESEARCHER_VERSION };
  }
  const { name, version } = createOfflineResearcher(library);
  return { researcher: name, researcherVersion: version };
}

/** The configured researcher; its model calls are reserved, recorded and settled. Throws `BudgetExhausted` from a call. */
export function researcherOf(
  deps: ModelCallDeps & Pick<ActivityDeps, 'llm' | 'library'>,
  cycle: CycleRecord,
  signal: AbortSignal,
): Researcher {
  const { llm, library } = deps;
  if (llm === undefined) return createOfflineResearcher(library);
  const ask = createAsk(async (request) => {
    const { mode } = await deps.stores.mode.current();
    const price = priceInMode(llm, stricterMode(cycle.startMode, mode), deps.worstCasePrice);
    const scopes = cycleScopes(cycle.id, cycle.request);
    const purpose = { cycleId: cycle.id, scopes, price, promptVersion: MODEL_RESEARCHER_VERSION };
    return recordedCall(deps, llm, purpose, request, signal);
  });
  return createModelResearcher(ask, { name: llm.provider, maxOutputTokens: deps.maxAnswerTokens });
}
