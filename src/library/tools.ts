import { randomUUID } from 'node:crypto';
import type { JsonObject, JsonValue } from '../domain/chat';
import { DomainError } from '../domain/errors';
import type { ActionType } from '../domain/risk';
import type { ToolDescription, ToolExecution, ToolRiskLevel } from '../domain/tool';
import type { ToolContext, ToolGateway } from '../ports/tool';
import type { ToolRegistry as Registry } from '../tools';

const DEFAULT_TIMEOUT_MS = 60_000;
const ANY_ARGUMENTS: JsonObject = { type: 'object' };
/** How long a call is waited for before its end is waited for in the record. */
const FIRST_WAIT_MS = 30_000;

/** How a function becomes a tool. */
export interface ToolOptions {
  /** Small letters, digits and underscores. */
  readonly name: string;
  readonly riskLevel: ToolRiskLevel;
  readonly description?: string;
  /** JSON Schema of the arguments; any object when left out. */
  readonly parameters?: JsonObject;
  /** Default a minute. */
  readonly timeoutMs?: number;
  /** Whether doing it twice is as good as once; default false: then it is never tried a second time. */
  readonly idempotent?: boolean;
  /** Takes back what a call with these arguments and this result did. */
  readonly rollback?: (args: JsonObject, result: JsonValue, context: ToolContext) => Promise<JsonValue>;
}

/** One guarded call. */
export interface GuardedCall {
  readonly arguments?: JsonObject;
  /** Why, for the person who decides. */
  readonly description?: string;
  /** What the policy is to know it as; by default it follows from the tool's risk level. */
  readonly actionType?: ActionType;
}

/** The functions of this program that may be called behind the gate. They run here, and nowhere else. */
export interface ToolRegistry {
  /**
   * Makes a function a tool; it can be called by `guardedCall` alone.
   * @throws {DomainError} `invalid_configuration` for a name that is none, or is taken.
   */
  register(
    options: ToolOptions,
    run: (args: JsonObject, context: ToolContext) => Promise<JsonValue>,
  ): ToolDescription;
  /**
   * Takes back what a call did, where its tool can; passes matrix and approval.
   * @throws {DomainError} `not_found`, `state_conflict` when there is nothing to take back, `tool_failed`.
   */
  rollback(executionId: string): Promise<JsonValue>;
  /** All tools, the built-in ones too. */
  list(): readonly ToolDescription[];
}

export interface LibraryTools {
  readonly registry: ToolRegistry;
  /** See `Tinman.guardedCall`. */
  call(tool: ToolDescription | string, call: GuardedCall): Promise<JsonValue>;
}

interface Deps {
  /** Of every worker. */
  readonly builtIn: Registry;
  /** An empty one, for the functions of this program. */
  readonly own: Registry;
  readonly gateway: ToolGateway;
  /** The tool that an execution was a call of. @throws {DomainError} `not_found`. */
  readonly toolOf: (executionId: string) => Promise<string>;
  /** Starts the worker that runs them, on this task queue. */
  readonly serve: (taskQueue: string) => Promise<void>;
  readonly requestedBy: string;
}

export function libraryTools(deps: Deps): LibraryTools {
  const taskQueue = `tinman-tools-${randomUUID()}`;
  let serving: Promise<void> | undefined;
  const isOwn = (name: string): boolean => deps.own.descriptions.some((each) => each.name === name);
  /** Where a tool runs; the worker of the own ones is started with the first call of one. */
  const placeOf = async (name: string): Promise<{ readonly taskQueue?: string }> => {
    if (!isOwn(name)) return {};
    serving ??= deps.serve(taskQueue);
    try {
      await serving;
    } catch (error) {
      serving = undefined;
      throw error;
    }
    return { taskQueue };
  };

  return {
    registry: {
      list: () => [...deps.builtIn.descriptions, ...deps.own.descriptions],
      register({ name, riskLevel, description = name, parameters = ANY_ARGUMENTS, ...more }, run) {
        if (deps.builtIn.descriptions.some((each) => each.name === name)) {
          throw new DomainError('invalid_configuration', `there is a tool ${name} already`);
        }
        const { timeoutMs = DEFAULT_TIMEOUT_MS, idempotent = false, rollback } = more;
        const reversible = rollback !== undefined;
        const described = { name, riskLevel, description, parameters, idempotent, reversible };
        deps.own.add({
          ...described,
          timeoutMs,
          execute: run,
          ...(rollback === undefined ? {} : { rollback }),
        });
        return described;
      },
      async rollback(executionId) {
        const place = await placeOf(await deps.toolOf(executionId));
        const { requestedBy } = deps;
        const asked = { executionId, requestedBy, waitMs: FIRST_WAIT_MS, ...place };
        const { execution } = await deps.gateway.rollback(asked);
        return resultOf(await deps.gateway.ended(execution.id));
      },
    },

    async call(tool, { arguments: args = {}, description, actionType }) {
      const name = typeof tool === 'string' ? tool : tool.name;
      const directory = isOwn(name) ? deps.own : deps.builtIn;
      const request = {
        tool: directory.describe(name),
        arguments: directory.check(name, args),
        requestedBy: deps.requestedBy,
        waitMs: FIRST_WAIT_MS,
        ...(description === undefined ? {} : { description }),
        ...(actionType === undefined ? {} : { actionType }),
      };
      const { execution } = await deps.gateway.execute({ ...request, ...(await placeOf(name)) });
      return resultOf(await deps.gateway.ended(execution.id));
    },
  };
}

/** @throws {DomainError} `action_blocked` when it was not approved, `tool_failed` when it came to nothing. */
function resultOf({ id, tool, status, result, error }: ToolExecution): JsonValue {
  if (status === 'succeeded') return result;
  const code = status === 'refused' ? 'action_blocked' : 'tool_failed';
  throw new DomainError(code, `${tool}: ${error ?? status}`, { id, status });
}
