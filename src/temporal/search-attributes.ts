import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

const { IndexedValueType } = temporal.api.enums.v1;

/** The search attributes that our workflows set; a server that does not know them would retry their tasks for ever. */
export const SEARCH_ATTRIBUTES = {
  TinmanMode: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  TinmanPhase: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  TinmanTarget: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  TinmanFocus: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  TinmanSeverity: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  TinmanPendingApprovals: IndexedValueType.INDEXED_VALUE_TYPE_INT,
} as const;

/** Registers what the namespace does not know yet. */
export async function registerSearchAttributes(client: Client): Promise<void> {
  const { operatorService } = client.connection;
  const namespace = client.options.namespace;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in customAttributes));
  if (missing.length > 0) {
    await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  }
}
