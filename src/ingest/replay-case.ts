import type { ChatMessage, JsonObject, ToolCall } from '../domain/chat';
import type { Detector } from '../domain/detector';
import type { RecordedCall, SimulatedTool, TestCase } from '../domain/experiment';
import type { ReplayCase } from '../domain/replay-case';
import type { Trace } from '../domain/trace';
import type { GenAiMessage, OfferedTool } from '../domain/trace-genai';
import type { TraceSignal } from '../domain/trace-signal';
import { decoded, isAttributeRecord } from './genai/attribute-view';
import { TraceView, type ModelCall, type ToolUse } from './signals/trace-view';

/** Why a trace cannot be replayed, for people. */
export interface NoReplay {
  readonly refused: string;
}

/**
 * The model call behind a signal as a case for counterfactual replay: the messages it was sent word for word, the tools it
 * was offered, and the results that were recorded of the calls it then made. Where anything of that is missing, there is
 * no case: a replay of something else would prove nothing.
 */
export function replayCaseOf(
  trace: Trace,
  { spanId, oracle, trigger }: Pick<TraceSignal, 'spanId' | 'oracle' | 'trigger'>,
): ReplayCase | NoReplay {
  if (oracle === undefined) return { refused: 'No rule can tell whether a replay shows the same failure.' };
  const view = new TraceView(trace);
  const call = modelCallBehind(view, spanId);
  if (call === undefined) return { refused: 'No model call of the trace stands behind the signal.' };
  const conversation = conversationOf(call.operation.inputMessages);
  if ('refused' in conversation) return conversation;
  const refused = obstacleTo(oracle, conversation, call);
  if (refused !== null) return { refused };
  const recordedCalls = recordedAfter(view, call);
  const { toolDefinitions, maxOutputTokens } = call.operation;
  const testCase: TestCase = {
    trigger,
    ...spoken(conversation),
    tools: toolDefinitions.map((tool) => simulated(tool, recordedCalls)),
    recordedCalls,
    failsWhen: oracle,
  };
  return { traceId: trace.traceId, spanId: call.span.spanId, testCase, maxOutputTokens };
}

/** What keeps a recorded conversation from being a case. */
function obstacleTo(oracle: Detector, { rest }: Conversation, { operation }: ModelCall): string | null {
  const { toolCalls, toolDefinitions } = operation;
  const usesTools = toolCalls.length > 0 || rest.some(({ role }) => role === 'tool');
  if (usesTools && toolDefinitions.length === 0)
    return 'The tools that the model was offered are not recorded.';
  if (showsAlready(oracle, rest, toolDefinitions)) {
    return 'The recorded beginning shows the failure already, whatever the model does then.';
  }
  const last = rest.at(-1)?.role;
  const isOpen = last === 'user' || last === 'tool';
  return isOpen ? null : 'The recorded messages do not end with something to answer.';
}

/** A question at the end is the turn; the results of tools are answered as they stand. */
function spoken({ system, rest }: Conversation): Pick<TestCase, 'systemPrompt' | 'prefix' | 'turns'> {
  const last = rest.at(-1);
  const isAsked = last?.role === 'user';
  return {
    ...(system === '' ? {} : { systemPrompt: system }),
    prefix: isAsked ? rest.slice(0, -1) : rest,
    turns: isAsked ? [last.content] : [],
  };
}

/** The model call itself or, for a tool, the last one that asked for it before it ran. */
function modelCallBehind({ modelCalls, toolUses }: TraceView, spanId: string): ModelCall | undefined {
  const own = modelCalls.find(({ span }) => span.spanId === spanId);
  const use = toolUses.find(({ span }) => span.spanId === spanId);
  if (own !== undefined || use === undefined) return own;
  return modelCalls.findLast(
    ({ span, operation }) =>
      span.startTimeUnixNano <= use.span.startTimeUnixNano &&
      operation.toolCalls.some(({ id, name }) => (id !== '' && id === use.id) || name === use.name),
  );
}

interface Conversation {
  /** What the system messages at the beginning say. */
  readonly system: string;
  readonly rest: readonly ChatMessage[];
}

function conversationOf(recorded: readonly GenAiMessage[]): Conversation | NoReplay {
  const start = recorded.findIndex(({ role }) => role !== 'system');
  const opening = start < 0 ? recorded : recorded.slice(0, start);
  const rest: ChatMessage[] = [];
  const open: ToolCall[] = [];
  for (const message of start < 0 ? [] : recorded.slice(start)) {
    const problem = addMessage(message, rest, open);
    if (problem !== null) return { refused: problem };
  }
  if (open.length > 0) return { refused: `A call of ${open[0]?.name ?? 'a tool'} has no recorded result.` };
  return { system: opening.map(({ text }) => text).join('\n\n'), rest };
}

/** Returns what keeps the message from being said again. */
function addMessage(message: GenAiMessage, rest: ChatMessage[], open: ToolCall[]): string | null {
  for (const { callId, name, result } of message.toolResults) {
    const at = open.findIndex((call) =>
      callId === '' ? name === null || call.name === name : call.id === callId,
    );
    const [call] = at < 0 ? [] : open.splice(at, 1);
    if (call === undefined) return 'A result of a tool has no recorded call.';
    rest.push({ role: 'tool', content: result, toolCallId: call.id, name: call.name });
  }
  const { role, text } = message;
  if (role === 'assistant') rest.push(assistantMessage(message, open, rest.length));
  else if (role === 'user' || role === 'system') {
    if (text !== '') rest.push({ role, content: text });
    else if (message.toolResults.length === 0) return 'A recorded message has no text.';
  } else if (message.toolResults.length === 0) return `A recorded message is of the unknown role "${role}".`;
  return null;
}

/** Calls whose ids are not recorded get one of their place. */
function assistantMessage({ text, toolCalls }: GenAiMessage, open: ToolCall[], place: number): ChatMessage {
  const calls = toolCalls.map((call, at) =>
    call.id === '' ? { ...call, id: `recorded_${place}_${at}` } : call,
  );
  open.push(...calls);
  return { role: 'assistant', content: text, ...(calls.length === 0 ? {} : { toolCalls: calls }) };
}

/** For oracles over single calls: whether one in the recorded beginning makes them fire. */
function showsAlready(
  oracle: Detector,
  rest: readonly ChatMessage[],
  offered: readonly OfferedTool[],
): boolean {
  const called = rest.flatMap((message) =>
    message.role === 'assistant' ? (message.toolCalls ?? []).map(({ name }) => name) : [],
  );
  if (oracle.kind === 'unknown_tool')
    return called.some((name) => !offered.some((tool) => tool.name === name));
  if (oracle.kind === 'tool_called') return called.includes(oracle.tool);
  return oracle.kind === 'tool_order_violated' && called.includes(oracle.later);
}

/** What tools gave from this model call on. */
function recordedAfter({ toolUses, modelCalls }: TraceView, { span }: ModelCall): readonly RecordedCall[] {
  const later = new Set(
    modelCalls.slice(modelCalls.findIndex((call) => call.span === span)).map((call) => call.span),
  );
  const isLater = (use: ToolUse): boolean =>
    use.executed ? use.span.startTimeUnixNano >= span.startTimeUnixNano : later.has(use.span);
  return toolUses.flatMap((use) =>
    use.result === null || !isLater(use)
      ? []
      : [{ name: use.name, arguments: use.arguments, result: use.result }],
  );
}

/** A tool whose schema is not recorded takes any object. */
function simulated(
  { name, description, parameters, destructive }: OfferedTool,
  recorded: readonly RecordedCall[],
): SimulatedTool {
  return {
    name,
    description,
    parameters: schemaOf(parameters),
    results: recorded.filter((call) => call.name === name).map(({ result }) => result),
    ...(destructive === true ? { destructive } : {}),
  };
}

function schemaOf(parameters: string | null): JsonObject {
  const schema: unknown =
    parameters === null || !isAttributeRecord(decoded(parameters)) ? null : JSON.parse(parameters);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object that was parsed from JSON is one
  return schema === null ? { type: 'object' } : (schema as JsonObject);
}
