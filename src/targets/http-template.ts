import type { ChatRequest, JsonValue } from '../domain/chat';
import { openAiMessageOf } from './openai-messages';

/** What a placeholder stands for; undefined where the request has none of it. */
const PLACEHOLDERS = {
  /** All messages in OpenAI's form, the system message among them. */
  messages: ({ messages }) => messages.map(openAiMessageOf),
  /** The same without the system message. */
  conversation: ({ messages }) => messages.filter(({ role }) => role !== 'system').map(openAiMessageOf),
  /** The text of the system message. */
  system: ({ messages }) => messages.find(({ role }) => role === 'system')?.content,
  /** What the user said last. */
  user: ({ messages }) => messages.findLast(({ role }) => role === 'user')?.content,
  tools: ({ tools = [] }) => (tools.length === 0 ? undefined : tools),
  seed: ({ seed }) => seed,
  temperature: ({ temperature }) => temperature,
  max_output_tokens: ({ maxOutputTokens }) => maxOutputTokens,
} satisfies Record<string, (request: ChatRequest) => unknown>;

const NAMES = Object.keys(PLACEHOLDERS);
const ANY_PLACEHOLDER = /\{\{\s*([A-Za-z_]+)\s*\}\}/g;
const WHOLE_PLACEHOLDER = /^\{\{\s*([A-Za-z_]+)\s*\}\}$/;

/** A request body with placeholders such as `{{messages}}` in its texts. */
export class HttpTemplate {
  /** The placeholders in it. */
  readonly names: ReadonlySet<string>;

  constructor(private readonly template: JsonValue) {
    this.names = new Set(placeholdersIn(template));
  }

  /** What is wrong with it; undefined when it can carry a conversation. */
  problem(): string | undefined {
    const unknown = [...this.names].find((name) => !NAMES.includes(name));
    if (unknown !== undefined) return `{{${unknown}}} is no placeholder; there are ${NAMES.join(', ')}`;
    if (['messages', 'conversation', 'user'].some((name) => this.names.has(name))) return undefined;
    return 'Expected {{messages}}, {{conversation}} or {{user}} somewhere, or nothing said reaches the target';
  }

  /**
   * The body for a request. A text that is one placeholder becomes its value, with its type, and where there is none the
   * member is left out; within a longer text a value stands as text. What is filled in is not looked through again.
   */
  fill(request: ChatRequest): unknown {
    const values: Record<string, unknown> = {};
    for (const [name, valueOf] of Object.entries(PLACEHOLDERS)) values[name] = valueOf(request);
    return filled(this.template, values);
  }
}

function placeholdersIn(template: JsonValue): readonly string[] {
  if (typeof template === 'string')
    return [...template.matchAll(ANY_PLACEHOLDER)].map(([, name = '']) => name);
  if (typeof template !== 'object' || template === null) return [];
  return Object.values(template).flatMap(placeholdersIn);
}

function filled(template: JsonValue, values: Readonly<Record<string, unknown>>): unknown {
  if (typeof template === 'string') {
    const whole = WHOLE_PLACEHOLDER.exec(template)?.[1];
    if (whole !== undefined) return values[whole];
    return template.replace(ANY_PLACEHOLDER, (_all, name: string) => textOf(values[name]));
  }
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template)) {
    return template.map((item: JsonValue) => filled(item, values)).filter((item) => item !== undefined);
  }
  const members = Object.entries(template).map(([name, inner]) => [name, filled(inner, values)] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
