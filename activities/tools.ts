import { DomainError } from '../src/domain/errors';
import { TOOL_RESULT_LIMIT, type ToolExecution } from '../src/domain/tool';
import type { JsonValue } from '../src/domain/chat';
import type { Tool, ToolEnd } from '../src/ports/tool';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './support/heartbeat';
import { requirePassed } from './support/passed-gate';
import { toolAction } from './support/tool-action';

type ToolDeps = Pick<ActivityDeps, 'stores' | 'policy' | 'tools'>;

/** Reads what is asked for, as the gate is to see it. */
export function openTool({ stores }: ActivityDeps): Activities['openTool'] {
  return async ({ executionId }) => {
    const execution = await stores.toolExecutions.get(executionId);
    return { action: toolAction(execution), rollback: execution.rollbackOf !== null };
  };
}

/**
 * Calls the tool, if it still is what passed the gate. What an earlier attempt began and never ended is done again only
 * where twice is as good as once; else nobody knows what it came to, and the record says so.
 */
export function runTool(deps: ToolDeps): Activities['runTool'] {
  const { toolExecutions } = deps.stores;
  return async ({ executionId, gate }) => {
    const execution = await toolExecutions.get(executionId);
    const tool = deps.tools.toolFor(execution.tool);
    if (gate !== null) await requirePassed(deps, gate, toolAction(execution));
    if (tool.riskLevel !== execution.riskLevel) {
      const message = `${tool.name} is ${tool.riskLevel} and not ${execution.riskLevel}, as it was assessed`;
      throw new DomainError('action_changed', message);
    }
    const begun = await toolExecutions.begin(executionId, gate, tool.idempotent);
    if (begun === 'ended') return { status: (await toolExecutions.get(executionId)).status };
    const end: ToolEnd =
      begun === 'interrupted'
        ? { status: 'unknown', error: 'its process ended before it did: it may have been done, or not' }
        : await withHeartbeat((signal) => call(deps, tool, execution, signal));
    return { status: (await toolExecutions.finish(executionId, end)).status };
  };
}

/** Writes down that it was not done. */
export function refuseTool({ stores }: ActivityDeps): Activities['refuseTool'] {
  return async ({ executionId, reason }) => {
    await stores.toolExecutions.refuse(executionId, reason);
    // One that was begun elsewhere, and whose process is gone.
    await stores.toolExecutions.finish(executionId, { status: 'unknown', error: reason });
  };
}

async function call(
  deps: ToolDeps,
  tool: Tool,
  execution: ToolExecution,
  cancelled: AbortSignal,
): Promise<ToolEnd> {
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(tool.timeoutMs)]);
  const { id: executionId, requestedBy } = execution;
  try {
    const result = await untilAborted(
      work(deps, tool, execution, { signal, executionId, requestedBy }),
      signal,
    );
    const size = Buffer.byteLength(JSON.stringify(result));
    if (size > TOOL_RESULT_LIMIT)
      return { status: 'failed', error: `its result of ${size} bytes is too large` };
    return { status: 'succeeded', result };
  } catch (error) {
    return endOf(error, tool, signal, cancelled);
  }
}

/**
 * What a call that broke off came to. Of one that was aborted nobody knows, unless twice is as good as once.
 * @throws what it was cancelled with, when it may be made again.
 */
function endOf(error: unknown, tool: Tool, signal: AbortSignal, cancelled: AbortSignal): ToolEnd {
  const { idempotent, timeoutMs } = tool;
  if (!signal.aborted) {
    return { status: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
  if (cancelled.aborted && idempotent) throw cancelled.reason;
  const reason = cancelled.aborted ? 'it was ended' : `it took longer than ${timeoutMs} ms`;
  if (idempotent) return { status: 'failed', error: reason };
  return { status: 'unknown', error: `${reason}: it may have been done, or not` };
}

async function work(
  { stores }: ToolDeps,
  tool: Tool,
  execution: ToolExecution,
  context: Parameters<Tool['execute']>[1],
): Promise<JsonValue> {
  if (execution.rollbackOf === null) return tool.execute(execution.arguments, context);
  if (tool.rollback === undefined) throw new DomainError('state_conflict', `${tool.name} has no way back`);
  const { arguments: args, result } = await stores.toolExecutions.get(execution.rollbackOf);
  return tool.rollback(args, result, context);
}

/** A tool that does not listen to its signal is left to itself when its time is over. */
async function untilAborted<T>(working: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const refuse = (): void => reject(new Error('it was ended'));
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([working, aborted]);
  } finally {
    settled.abort();
  }
}
