import type { ToolCall } from '../../domain/chat';
import type { AttributeValue } from '../../domain/trace';
import type { GenAiMessage, GenAiToolResult } from '../../domain/trace-genai';
import { decoded, firstMember, isAttributeList, isAttributeRecord, member, textOf } from './attribute-view';

const CALL_PARTS = /^(?:tool[-_]?call|tool[-_]?use|function[-_]?call|server_tool_use|mcp_call)$/i;
const RESULT_PARTS =
  /^(?:tool[-_]?call[-_]?response|tool[-_]?result|function[-_]?call[-_]?output|function[-_]?response)$/i;
/** Thoughts, media and the like are no text of the message. */
const SILENT_PARTS =
  /^(?:reasoning|thinking|redacted_thinking|image|image_url|audio|file|blob|uri|input_audio)$/i;
/** Messages within messages within …: deeper ones are not read. */
const DEEPEST = 6;

/** What has been found of a message so far. */
interface Draft {
  readonly texts: string[];
  readonly toolCalls: ToolCall[];
  readonly toolResults: GenAiToolResult[];
}

/** Messages of a list, in any shape that a convention or a provider's API gives them. */
export function messagesOf(list: readonly AttributeValue[], role: string): readonly GenAiMessage[] {
  return list.flatMap((item) => {
    const message = messageOf(item, role);
    return message === null ? [] : [message];
  });
}

/**
 * A message: a text, OpenAI's, Anthropic's or Gemini's form of the wire, OpenTelemetry's with `parts`, or OpenInference's
 * with `message.contents`. Null when nothing in it was said.
 */
export function messageOf(value: AttributeValue, role: string): GenAiMessage | null {
  const whole = decoded(value);
  if (typeof whole === 'string') return whole === '' ? null : said(role, whole);
  if (!isAttributeRecord(whole)) return null;
  const inner = decoded(member(whole, 'message'));
  const source = isAttributeRecord(inner) ? inner : whole;
  const speaker = roleOf(source) ?? roleOf(whole) ?? role;
  const draft: Draft = { texts: [], toolCalls: [], toolResults: [] };
  if (speaker === 'tool' || speaker === 'function') readResult(source, draft);
  else readContent(source, draft);
  readCalls(source, draft);
  if (draft.texts.length + draft.toolCalls.length + draft.toolResults.length === 0) return null;
  return {
    role: speaker,
    text: draft.texts.join('\n'),
    toolCalls: draft.toolCalls,
    toolResults: draft.toolResults,
  };
}

export function said(role: string, text: string): GenAiMessage {
  return { role, text, toolCalls: [], toolResults: [] };
}

function roleOf(source: AttributeValue): string | undefined {
  const role = firstMember(source, ['role', 'type']);
  if (typeof role !== 'string' || role === '') return undefined;
  const speakers: Readonly<Record<string, string>> = {
    ai: 'assistant',
    human: 'user',
    model: 'assistant',
    developer: 'system',
    function_call: 'assistant',
    function_call_output: 'tool',
  };
  const known = Object.hasOwn(speakers, role) ? speakers[role] : undefined;
  if (known !== undefined) return known;
  return member(source, 'role') === undefined ? undefined : role.toLowerCase();
}

function readContent(source: AttributeValue, draft: Draft): void {
  const content = firstMember(source, ['parts', 'contents', 'content', 'text']);
  if (content !== undefined) readPart(content, draft, 0);
  else if (isCall(source)) pushCall(source, draft);
}

/** A call that is an item of the list itself, as the Responses API and the AI SDK have it. */
function isCall(source: AttributeValue): boolean {
  return CALL_PARTS.test(textOf(member(source, 'type'))) || member(source, 'toolCallId') !== undefined;
}

function readPart(part: AttributeValue, draft: Draft, depth: number): void {
  const value = depth === 0 ? decodedParts(part) : part;
  if (typeof value === 'string') draft.texts.push(value);
  else if (isAttributeList(value)) {
    if (depth < DEEPEST) for (const item of value) readPart(item, draft, depth + 1);
  } else if (isAttributeRecord(value)) readTypedPart(value, draft, depth);
}

/** A content that is a JSON list of parts as text is that list; any other text stays what it is. */
function decodedParts(part: AttributeValue): AttributeValue {
  const value = decoded(part);
  const parts =
    isAttributeList(value) && value.length > 0 && value.every((item) => member(item, 'type') !== undefined);
  return parts || typeof part !== 'string' ? (value ?? part) : part;
}

function readTypedPart(part: AttributeValue, draft: Draft, depth: number): void {
  const called = member(part, 'functionCall');
  const answered = member(part, 'functionResponse');
  const type = textOf(member(part, 'type'));
  if (called !== undefined || CALL_PARTS.test(type)) pushCall(called ?? part, draft);
  else if (answered !== undefined || RESULT_PARTS.test(type)) readResult(answered ?? part, draft);
  else readSpokenPart(part, type, draft, depth);
}

function readSpokenPart(part: AttributeValue, type: string, draft: Draft, depth: number): void {
  const wrapped = member(part, 'message_content');
  if (wrapped !== undefined && depth < DEEPEST) readPart(wrapped, draft, depth + 1);
  else if (!SILENT_PARTS.test(type)) {
    const text = firstMember(part, ['text', 'content']);
    if (typeof text === 'string') draft.texts.push(text);
  }
}

function readCalls(source: AttributeValue, draft: Draft): void {
  const extra = member(source, 'additional_kwargs');
  const calls = decoded(firstMember(source, ['tool_calls', 'toolCalls']) ?? member(extra, 'tool_calls'));
  if (isAttributeList(calls)) for (const call of calls) pushCall(call, draft);
  const single = decoded(member(source, 'function_call'));
  if (isAttributeRecord(single)) pushCall(single, draft);
}

function pushCall(value: AttributeValue, draft: Draft): void {
  const call = toolCallOf(value);
  if (call === null) return;
  const known = call.id !== '' && draft.toolCalls.some(({ id }) => id === call.id);
  if (!known) draft.toolCalls.push(call);
}

/** A call of a tool, in any of those shapes; null when it names no tool. */
function toolCallOf(value: AttributeValue): ToolCall | null {
  const whole = decoded(value);
  const inner = decoded(firstMember(whole, ['tool_call', 'functionCall'])) ?? whole;
  const called = decoded(member(inner, 'function'));
  const about = isAttributeRecord(called) ? called : inner;
  const name = textOf(firstMember(about, ['name', 'toolName', 'tool_name', 'function_name']));
  if (name === '') return null;
  const id = firstMember(inner, ['id', 'tool_call_id', 'toolCallId', 'tool_id', 'call_id']);
  const given = firstMember(about, ['arguments', 'args', 'input', 'parameters']);
  return { id: textOf(id), name, arguments: textOf(given) };
}

function readResult(source: AttributeValue, draft: Draft): void {
  const keys = ['response', 'result', 'output', 'content', 'contents', 'parts', 'text'];
  const nested: Draft = { texts: [], toolCalls: [], toolResults: [] };
  const content = firstMember(source, keys);
  if (isAttributeList(content)) readPart(content, nested, 0);
  if (nested.toolResults.length > 0) {
    draft.toolResults.push(...nested.toolResults);
    return;
  }
  const result = nested.texts.length > 0 ? nested.texts.join('\n') : textOf(content);
  if (content === undefined) return;
  const callId = textOf(firstMember(source, ['tool_call_id', 'toolCallId', 'tool_use_id', 'call_id', 'id']));
  const name = textOf(firstMember(source, ['name', 'toolName', 'tool_name']));
  draft.toolResults.push({ callId, name: name === '' ? null : name, result });
}
