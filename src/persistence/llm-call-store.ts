import { insertMissing } from './insert-rows';
import { settleInTransaction } from './ledger';
import { recordId } from './record-id';
import type { LlmCallStore } from '../ports/stores';
import type { PrismaClient } from './client';

const LLM_CALLS = {
  table: 'llm_calls',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    ledger_key: 'text',
    operation: 'text',
    provider: 'text',
    model: 'text',
    prompt_version: 'text',
    request: 'jsonb',
    response: 'jsonb',
    status: 'text',
    error: 'text',
    latency_ms: 'integer',
  },
} as const;

export function createLlmCallStore(prisma: PrismaClient): LlmCallStore {
  return {
    async record(call, settlement) {
      const row = {
        id: recordId('llm_call', call.ledgerKey),
        cycle_id: call.cycleId,
        ledger_key: call.ledgerKey,
        operation: call.operation,
        provider: call.provider,
        model: call.model,
        prompt_version: call.promptVersion,
        request: call.request,
        response: call.response,
        status: call.status,
        error: call.error,
        latency_ms: Math.round(call.latencyMs),
      };
      await prisma.$transaction(async (tx) => {
        await insertMissing(tx, LLM_CALLS, [row]);
        await settleInTransaction(tx, [settlement]);
      });
    },
  };
}
