import { costMicroUsd, costUpperBoundMicroUsd } from '../../src/domain/money';
import { CallError } from '../../src/ports/call-error';
import type { Settlement } from '../../src/ports/ledger';
import type { Llm, LlmReply } from '../../src/ports/llm';
import type { CycleRecord, ResearcherStamp } from '../../src/ports/stores';
import { createAsk } from '../../src/researcher/ask';
import type { ModelRequest } from '../../src/researcher/ask';
import { createModelResearcher, MODEL_RESEARCHER_VERSION } from '../../src/researcher/model-researcher';
import { createOfflineResearcher } from '../../src/researcher/offline';
import type { Researcher } from '../../src/researcher/researcher';
import type { ActivityDeps } from '../deps';
import { BudgetExhausted } from './budget-exhausted';
import { cycleScopes } from './cycle-scopes';
import { priceInMode } from './pricing';

export const offlineResearcher = createOfflineResearcher();

/** Which researcher is configured, as every record names it. */
export function researcherStamp({ llm }: Pick<ActivityDeps, 'llm'>): ResearcherStamp {
  return llm === undefined
    ? { researcher: offlineResearcher.name, researcherVersion: offlineResearcher.version }
    : { researcher: `${llm.provider}:${llm.model}`, researcherVersion: MODEL_RESEARCHER_VERSION };
}

/** The configured researcher; its model calls are reserved, recorded and settled. Throws `BudgetExhausted` from a call. */
export function researcherOf(deps: ActivityDeps, cycle: CycleRecord, signal: AbortSignal): Researcher {
  const { llm } = deps;
  if (llm === undefined) return offlineResearcher;
  const ask = createAsk((request) => recordedCall(deps, llm, cycle, request, signal));
  return createModelResearcher(ask, { name: 'anthropic', maxOutputTokens: deps.maxAnswerTokens });
}

async function recordedCall(
  deps: ActivityDeps,
  llm: Llm,
  cycle: CycleRecord,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<LlmReply> {
  const { mode } = await deps.stores.mode.current();
  const price = priceInMode(llm, mode, deps.worstCasePrice);
  const { operation, ...question } = request;
  const inputBytes = Buffer.byteLength(JSON.stringify(question));
  const [reservation] = await deps.ledger.reserve({
    cycleId: cycle.id,
    scopes: cycleScopes(cycle.id, cycle.request),
    entries: [
      {
        operation: `llm/${cycle.id}/${operation}`,
        source: 'researcher',
        model: llm.model,
        amountMicroUsd: costUpperBoundMicroUsd(
          inputBytes + PROTOCOL_OVERHEAD_BYTES,
          request.maxOutputTokens,
          price,
        ),
      },
    ],
  });
  if (reservation === undefined || !reservation.admitted) {
    throw new BudgetExhausted(reservation?.fullScope ?? 'global');
  }
  const record = (
    settlement: Settlement,
    outcome: { response: unknown; status: 'answered' | 'error'; error: string | null },
    latencyMs: number,
  ) => {
    deps.onModelCall({ model: llm.model, status: outcome.status, latencyMs });
    const call = {
      ledgerKey: reservation.key,
      cycleId: cycle.id,
      operation,
      provider: llm.provider,
      model: llm.model,
    };
    const promptVersion = MODEL_RESEARCHER_VERSION;
    return deps.stores.llmCalls.record(
      { ...call, promptVersion, request: question, latencyMs, ...outcome },
      settlement,
    );
  };
  const startedAt = performance.now();
  try {
    const reply = await llm.ask(question, signal);
    const amountMicroUsd = costMicroUsd(reply.usage, price);
    const settlement = {
      key: reservation.key,
      outcome: 'settled',
      amountMicroUsd,
      usage: reply.usage,
    } as const;
    await record(
      settlement,
      { response: reply, status: 'answered', error: null },
      Math.round(reply.latencyMs),
    );
    return reply;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const outcome = error.options.maybeBilled ? 'unknown' : 'released';
    const latencyMs = Math.round(performance.now() - startedAt);
    await record(
      { key: reservation.key, outcome },
      { response: null, status: 'error', error: error.message },
      latencyMs,
    );
    throw error;
  }
}

/** What the provider's protocol adds to a request: tool and role framing. */
const PROTOCOL_OVERHEAD_BYTES = 4_096;
