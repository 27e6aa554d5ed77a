import type { JsonValue } from '../domain/chat';
import type { ToolDescription } from '../domain/tool';
import type { Tinman } from './tinman';
import type { GuardedCall } from './tools';

/**
 * Calls a tool of a Tinman behind risk policy and approval, and waits for its end: `tinman.guardedCall` as a function.
 * @throws {DomainError} as that does.
 */
export function guardedCall(
  tinman: Pick<Tinman, 'guardedCall'>,
  tool: ToolDescription | string,
  call: GuardedCall = {},
): Promise<JsonValue> {
  return tinman.guardedCall(tool, call);
}
