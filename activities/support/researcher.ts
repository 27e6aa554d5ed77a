import { costMicroUsd, costUpperBoundMicroUsd } from '../../src/domain/money';
import { stricterMode } from '../../src/domain/mode';
import type { TokenPrice } from '../../src/domain/money';
import { CallError } from '../../src/ports/call-error';
import type { Settlement } from '../../src/ports/ledger';
import type { Llm, LlmReply } from '../../src/ports/llm';
import type { CycleRecord, LlmCallRecord, ResearcherStamp } from '../../src/ports/stores';
import { createAsk } from '../../src/researcher/ask';
import type { ModelRequest } from '../../src/researcher/ask';
import { createModelResearcher, MODEL_RESEARCHER_VERSION } from '../../src/researcher/model-researcher';
import { createOfflineResearcher } from '../../src/researcher/offline';
import type { Researcher } from '../../src/researcher/researcher';
import type { ActivityDeps } from '../deps';
import { BudgetExhausted } from './budget-exhausted';
import { cycleScopes } from './cycle-scopes';
import { priceInMode } from './pricing';

/** What the researcher's calls need of the world. */
type ResearcherDeps = Pick<
  ActivityDeps,
  'stores' | 'ledger' | 'llm' | 'worstCasePrice' | 'maxAnswerTokens' | 'onModelCall'
>;

export const offlineResearcher = createOfflineResearcher();

/** Which researcher is configured, as every record names it. */
export function researcherStamp({ llm }: Pick<ActivityDeps, 'llm'>): ResearcherStamp {
  return llm === undefined
    ? { researcher: offlineResearcher.name, researcherVersion: offlineResearcher.version }
    : { researcher: `${llm.provider}:${llm.model}`, researcherVersion: MODEL_RESEARCHER_VERSION };
}

/** The configured researcher; its model calls are reserved, recorded and settled. Throws `BudgetExhausted` from a call. */
export function researcherOf(deps: ResearcherDeps, cycle: CycleRecord, signal: AbortSignal): Researcher {
  const { llm } = deps;
  if (llm === undefined) return offlineResearcher;
  const ask = createAsk((request) => recordedCall(deps, llm, cycle, request, signal));
  return createModelResearcher(ask, { name: llm.provider, maxOutputTokens: deps.maxAnswerTokens });
}

/** One model call: reserved before, recorded with its bill after, whatever came of it. */
async function recordedCall(
  deps: ResearcherDeps,
  llm: Llm,
  cycle: CycleRecord,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<LlmReply> {
  const { mode } = await deps.stores.mode.current();
  const price = priceInMode(llm, stricterMode(cycle.startMode, mode), deps.worstCasePrice);
  const ledgerKey = await reserve(deps, llm, cycle, request, price);
  const { operation, ...question } = request;
  const startedAt = performance.now();
  const record = (outcome: Pick<LlmCallRecord, 'response' | 'status' | 'error'>, settlement: Settlement) => {
    const latencyMs = Math.round(performance.now() - startedAt);
    deps.onModelCall({ model: llm.model, status: outcome.status, latencyMs });
    const { provider, model } = llm;
    const call = { ledgerKey, cycleId: cycle.id, operation, provider, model, latencyMs, request: question };
    return deps.stores.llmCalls.record(
      { ...call, promptVersion: MODEL_RESEARCHER_VERSION, ...outcome },
      settlement,
    );
  };
  try {
    const reply = await llm.ask(question, signal);
    const { usage } = reply;
    const amountMicroUsd = costMicroUsd(usage, price);
    const answered = { response: reply, status: 'answered', error: null } as const;
    const settlement: Settlement =
      reply.usageReported === false
        ? { key: ledgerKey, outcome: 'unknown' }
        : { key: ledgerKey, outcome: 'settled', amountMicroUsd, usage };
    await record(answered, settlement);
    return reply;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const outcome = error.options.maybeBilled ? 'unknown' : 'released';
    await record({ response: null, status: 'error', error: error.message }, { key: ledgerKey, outcome });
    throw error;
  }
}

/** Reserves the most the call can cost; returns the ledger's key. */
async function reserve(
  deps: ResearcherDeps,
  llm: Llm,
  cycle: CycleRecord,
  { operation, ...question }: ModelRequest,
  price: TokenPrice,
): Promise<string> {
  // The schema may be sent twice: as a constraint and as text.
  const schemaBytes = Buffer.byteLength(JSON.stringify(question.answer.schema));
  const inputBytes = Buffer.byteLength(JSON.stringify(question)) + schemaBytes + PROTOCOL_OVERHEAD_BYTES;
  const [reservation] = await deps.ledger.reserve({
    cycleId: cycle.id,
    scopes: cycleScopes(cycle.id, cycle.request),
    entries: [
      {
        operation: `llm/${cycle.id}/${operation}`,
        source: 'researcher',
        model: llm.model,
        amountMicroUsd: costUpperBoundMicroUsd(inputBytes, question.maxOutputTokens, price),
      },
    ],
  });
  if (reservation?.admitted !== true) throw new BudgetExhausted(reservation?.fullScope ?? 'global');
  return reservation.key;
}

/** What the provider's protocol adds to a request: tool and role framing. */
const PROTOCOL_OVERHEAD_BYTES = 4_096;
