import { z } from 'zod';
import type { JsonObject, ToolCall, ToolDefinition } from '../domain/chat';
import type { GuardedReply, SaidMessage } from '../domain/guarded-exchange';

/** A message of a request with its tool calls, or with the results of earlier ones by the ids of the calls. */
export interface SeenMessage extends SaidMessage {
  readonly toolCalls?: readonly ToolCall[];
  readonly toolResults?: ReadonlyMap<string, string>;
}

/** A request of an application, as rules see it. */
export interface SeenRequest {
  /** Empty when there is none. */
  readonly systemPrompt: string;
  /** One for each message of the request, in its order; the system prompt is not said again in them. */
  readonly messages: readonly SeenMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  /** True when the answer comes in pieces, which nothing can judge before they are shown. */
  readonly streamed: boolean;
}

/** What is sent in its place. */
export interface SentRequest extends Pick<SeenRequest, 'systemPrompt' | 'temperature' | 'maxOutputTokens'> {
  /** Of each message of the request; null where it is left out. */
  readonly texts: readonly (readonly string[] | null)[];
}

/** One answer of a reply. */
export interface SeenAnswer {
  readonly content: string;
  /** `handle` is the object of the reply that the application will pass on when it makes the call. */
  readonly toolCalls: readonly { readonly call: ToolCall; readonly handle: object }[];
}

/** How one kind of client writes requests and replies. All of it is pure: nothing that is given is changed. */
export interface ClientDialect<Params, Reply> {
  read(params: Params): SeenRequest;
  /** The request with what was `sent` in place of what was `seen`; what is the same in both stays as it is. */
  write(params: Params, seen: SeenRequest, sent: SentRequest): Params;
  /** A reply that no model gave. */
  standIn(params: Params, text: string): Reply;
  answersOf(reply: Reply): readonly SeenAnswer[];
  /** The reply with other answers, one for each of its own; called only where one differs. */
  rewrite(reply: Reply, answers: readonly Pick<GuardedReply, 'text' | 'blocked'>[]): Reply;
}

/** Content of a message in the form of both SDKs: a text, or parts of which some are texts. */
export type Content<Part> = string | readonly Part[];

/** The texts in a content. */
export function textsIn(content: Content<object> | null | undefined): readonly string[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [content];
  return content.flatMap((part) => (isText(part) ? [part.text] : []));
}

/** The content with other texts, one for each of its own. */
export function withTexts<Part extends object>(
  content: string | Part[],
  texts: readonly string[],
): string | Part[] {
  if (typeof content === 'string') return texts[0] ?? content;
  const left = texts.values();
  return content.map((part) => (isText(part) ? { ...part, text: left.next().value ?? part.text } : part));
}

const JsonSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** The schema of a tool; one that is no JSON forbids nothing. */
export function schemaOf(parameters: unknown): JsonObject {
  return JsonSchema.safeParse(parameters).data ?? {};
}

function isText(part: object): part is { readonly text: string } {
  return 'type' in part && part.type === 'text' && 'text' in part && typeof part.text === 'string';
}
