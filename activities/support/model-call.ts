import { costMicroUsd, costUpperBoundMicroUsd } from '../../src/domain/money';
import type { TokenPrice } from '../../src/domain/money';
import { CallError } from '../../src/ports/call-error';
import type { Settlement, SpendingScope } from '../../src/ports/ledger';
import type { Llm, LlmReply } from '../../src/ports/llm';
import type { LlmCallRecord } from '../../src/ports/stores';
import type { ModelRequest } from '../../src/researcher/ask';
import type { ActivityDeps } from '../deps';
import { BudgetExhausted } from './budget-exhausted';

/** What calls of the researcher's model need of the world. */
export type ModelCallDeps = Pick<
  ActivityDeps,
  'stores' | 'ledger' | 'worstCasePrice' | 'maxAnswerTokens' | 'onModelCall'
>;

/** For what a call is made, and who pays for it. */
export interface CallPurpose {
  /** Null for what belongs to no cycle. */
  readonly cycleId: string | null;
  readonly scopes: readonly SpendingScope[];
  readonly price: TokenPrice;
  readonly promptVersion: string;
}

/**
 * One call of the researcher's model: reserved before, recorded with its bill after, whatever came of it.
 * @throws {BudgetExhausted}, and the `CallError` of the model.
 */
export async function recordedCall(
  deps: ModelCallDeps,
  llm: Llm,
  purpose: CallPurpose,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<LlmReply> {
  const ledgerKey = await reserve(deps, llm, purpose, request);
  const { operation, ...question } = request;
  const { cycleId, price, promptVersion } = purpose;
  const startedAt = performance.now();
  const record = (outcome: Pick<LlmCallRecord, 'response' | 'status' | 'error'>, settlement: Settlement) => {
    const latencyMs = Math.round(performance.now() - startedAt);
    deps.onModelCall({ model: llm.model, status: outcome.status, latencyMs });
    const { provider, model } = llm;
    const call = { ledgerKey, cycleId, operation, provider, model, latencyMs, request: question };
    return deps.stores.llmCalls.record({ ...call, promptVersion, ...outcome }, settlement);
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
  { ledger }: ModelCallDeps,
  llm: Llm,
  { cycleId, scopes, price }: CallPurpose,
  { operation, ...question }: ModelRequest,
): Promise<string> {
  // The schema may be sent twice: as a constraint and as text.
  const schemaBytes = Buffer.byteLength(JSON.stringify(question.answer.schema));
  const inputBytes = Buffer.byteLength(JSON.stringify(question)) + schemaBytes + PROTOCOL_OVERHEAD_BYTES;
  const [reservation] = await ledger.reserve({
    cycleId,
    scopes,
    entries: [
      {
        operation: cycleId === null ? `llm/${operation}` : `llm/${cycleId}/${operation}`,
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
export const PROTOCOL_OVERHEAD_BYTES = 4_096;
