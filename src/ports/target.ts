import type { ChatReply, ChatRequest } from '../domain/chat';
import type { TargetDescription } from '../domain/target';

/** The system under test. */
export interface Target {
  readonly describe: TargetDescription;
  /**
   * One call of the target, without retries of its own.
   * @throws {CallError} when there is no usable answer.
   */
  chat(request: ChatRequest, signal: AbortSignal): Promise<ChatReply>;
}

/** Configured targets by name. */
export interface TargetDirectory {
  readonly names: readonly string[];
  /** @throws {DomainError} `unknown_target`, naming the configured ones. */
  get(name: string): Target;
}
