import { z } from 'zod';
import { DomainError } from '../domain/errors';
import type { ChatMessage } from '../domain/chat';
import type { LabelledRun } from '../domain/judge-calibration';
import { text } from './schemas-fields';

const MAX_BYTES = 20_000_000;
const MAX_ITEMS = 5_000;
const MAX_MESSAGE_CHARS = 100_000;

const content = z.string().max(MAX_MESSAGE_CHARS);
const toolCall = z.strictObject({ id: text(200), name: text(200), arguments: content });
const message: z.ZodType<ChatMessage> = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'user']), content }),
  z.strictObject({
    role: z.literal('assistant'),
    content,
    toolCalls: z.exactOptional(z.array(toolCall).max(50)),
  }),
  z.strictObject({ role: z.literal('tool'), content, toolCallId: text(200), name: text(200) }),
]);

const item = z.strictObject({
  name: z.exactOptional(text(200)),
  rubric: text(2_000),
  label: z.enum(['failed', 'held']),
  transcript: z.strictObject({ messages: z.array(message).min(1).max(500) }),
});

/**
 * Reads a labelled set: one JSON object a line with `rubric`, `label` (failed or held), `transcript` and, where wanted, a
 * `name`.
 * @throws {DomainError} `invalid_arguments` naming the line and what is wrong with it, or that no label of a kind is there.
 */
export function readLabelledSet(ndjson: string): readonly LabelledRun[] {
  if (Buffer.byteLength(ndjson) > MAX_BYTES) throw unusable(`more than ${MAX_BYTES} bytes`);
  const lines = ndjson.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const filled = lines.filter(({ line }) => line !== '');
  if (filled.length > MAX_ITEMS) throw unusable(`more than ${MAX_ITEMS} items`);
  const items = filled.map(({ line, number }) => {
    const { name = `line ${number}`, rubric, label, transcript } = itemOf(line, number);
    return { name, rubric, label, transcript: { messages: transcript.messages, calls: [] } };
  });
  for (const label of ['failed', 'held'] as const) {
    if (!items.some((one) => one.label === label)) throw unusable(`no item is labelled ${label}`);
  }
  return items;
}

function itemOf(line: string, number: number): z.output<typeof item> {
  const parsed = item.safeParse(jsonOf(line, number));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(`line ${number}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function jsonOf(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw unusable(`line ${number} is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

function unusable(problem: string): DomainError {
  return new DomainError('invalid_arguments', `the labelled set cannot be used: ${problem}`);
}
