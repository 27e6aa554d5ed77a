import type { JsonObject, JsonValue } from '../domain/chat';
import type { GateVerdict } from '../domain/approval';
import type { ActionType } from '../domain/risk';
import type { ToolDescription, ToolExecution, ToolStatus } from '../domain/tool';

/** What a tool is told beside its arguments. */
export interface ToolContext {
  /** Aborted when its time is over or the worker ends. */
  readonly signal: AbortSignal;
  readonly requestedBy: string;
  readonly executionId: string;
}

/** Something that can be called, behind the gate only: see `ToolDirectory`. */
export interface Tool extends ToolDescription {
  readonly timeoutMs: number;
  execute(args: JsonObject, context: ToolContext): Promise<JsonValue>;
  /** Takes back what an execution with these arguments and this result did. */
  rollback?(args: JsonObject, result: JsonValue, context: ToolContext): Promise<JsonValue>;
}

/** The tools of a process. What they do can be had from nowhere else than the activity that has passed the gate. */
export interface ToolDirectory {
  readonly descriptions: readonly ToolDescription[];
  /** @throws {DomainError} `not_found`. */
  describe(name: string): ToolDescription;
  /** @throws {DomainError} `invalid_arguments` saying where. */
  check(name: string, args: unknown): JsonObject;
}

export type NewToolExecution = Omit<ToolExecution, 'status' | 'result' | 'error'> & {
  readonly idempotencyKey: string;
};

/** How an execution ended. */
export interface ToolEnd {
  readonly status: Extract<ToolStatus, 'succeeded' | 'failed' | 'unknown'>;
  readonly result?: JsonValue;
  readonly error?: string;
}

export interface ToolExecutionStore {
  /** Writes the request down; where its key is known, what stands is answered. */
  open(execution: NewToolExecution): Promise<ToolExecution>;
  /** @throws {DomainError} `not_found`. */
  get(id: string): Promise<ToolExecution>;
  /**
   * Marks it running, if the mode still has the version of the verdict. `interrupted` when an earlier attempt has begun
   * and it may not be done `again`, and `ended` when it has come to an end.
   * @throws {DomainError} `mode_changed`.
   */
  begin(id: string, gate: GateVerdict | null, again: boolean): Promise<'begun' | 'interrupted' | 'ended'>;
  /** Ends what was begun; a rollback that succeeded marks what it took back. What has ended stays as it is. */
  finish(id: string, end: ToolEnd): Promise<ToolExecution>;
  /** Ends what was never begun. */
  refuse(id: string, reason: string): Promise<ToolExecution>;
  /** How many times taking it back came to nothing. */
  failedRollbacks(id: string): Promise<number>;
  /** The question that its workflow waits with. */
  waitingApproval(workflowId: string): Promise<string | null>;
}

/** A call that somebody asks for. */
export interface ToolRequest {
  readonly tool: ToolDescription;
  readonly arguments: JsonObject;
  readonly requestedBy: string;
  readonly description?: string;
  readonly actionType?: ActionType;
  readonly idempotencyKey?: string;
  /** Where the tool runs, when it is not one of every worker's. */
  readonly taskQueue?: string;
  /** How long to wait for its end. */
  readonly waitMs: number;
}

interface ToolRollback extends Pick<ToolRequest, 'requestedBy' | 'taskQueue' | 'waitMs'> {
  readonly executionId: string;
}

export interface ToolAnswer {
  readonly execution: ToolExecution;
  /** What it waits for. */
  readonly approvalId: string | null;
}

/** Has tools called, by a workflow, behind the gate. */
export interface ToolGateway {
  /** Answers once it has ended, waits for a person, or the time is over. @throws {DomainError} `idempotency_conflict`, `not_ready`. */
  execute(request: ToolRequest): Promise<ToolAnswer>;
  /** Waits for the end of a call, however long a person takes. @throws {DomainError} `not_found`. */
  ended(executionId: string): Promise<ToolExecution>;
  /**
   * Takes back what an execution did; asked again after that came to nothing, it is tried again.
   * @throws {DomainError} `not_found`; `state_conflict` when there is nothing to take back; `not_ready`.
   */
  rollback(request: ToolRollback): Promise<ToolAnswer>;
}
