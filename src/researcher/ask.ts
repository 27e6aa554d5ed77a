import { z } from 'zod';
import { DomainError } from '../domain/errors';
import type { JsonObject } from '../domain/chat';
import type { Ask, Question } from './researcher';
import { excerpt } from './prompts/fence';
import { jsonPointer, nestsDeeperThan } from './json';

/** One call of the researcher's model; `operation` names it in the ledger, the same for every attempt at a question. */
export interface ModelRequest {
  readonly operation: string;
  readonly system: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
  readonly answer: { readonly name: string; readonly schema: JsonObject };
  readonly maxOutputTokens: number;
}

export interface ModelReply {
  /** Parsed JSON, or text where the model gave none; untrusted. */
  readonly output: unknown;
  readonly rawText: string;
  readonly stopReason: 'answered' | 'length' | 'refusal' | 'other';
}

/** A question is asked once, and again at most twice when its answer cannot be read. */
const MAX_ATTEMPTS = 3;

const MAX_NESTING = 40;
const MAX_SHOWN_ANSWER_CHARS = 12_000;
const MAX_SHOWN_ISSUES = 10;

/** Why an answer cannot be used, and where it is wrong (a JSON pointer). */
interface Problem {
  readonly message: string;
  readonly pointer: string;
}

type Reading<T> = { readonly value: T } | { readonly problem: Problem };

/**
 * An `Ask` over plain model calls. The model is shown its last answer and what is wrong with it. Failures of `call` pass
 * through.
 * @throws {DomainError} `model_output_invalid` with operation, problem and JSON pointer, after the last attempt.
 */
export function createAsk(call: (request: ModelRequest) => Promise<ModelReply>): Ask {
  return async <T>(question: Question<T>): Promise<T> => {
    const { operation, system, prompt, answerName, maxOutputTokens } = question;
    const answer = { name: answerName, schema: jsonSchemaOf(question.schema) };
    const first = { role: 'user' as const, content: prompt };
    let messages: ModelRequest['messages'] = [first];
    for (let attempt = 1; ; attempt++) {
      const reply = await call({ operation, system, messages, answer, maxOutputTokens });
      const reading = readAnswer(question.schema, reply);
      if ('value' in reading) return reading.value;
      if (attempt === MAX_ATTEMPTS) throw invalidOutput(operation, reading.problem);
      messages = [first, ...correction(reply, reading.problem)];
    }
  };
}

function readAnswer<T>(schema: z.ZodType<T>, { output, stopReason }: ModelReply): Reading<T> {
  if (stopReason === 'length') {
    return problem('The answer was cut off at the output limit. Answer again, much shorter.');
  }
  if (stopReason === 'refusal') {
    return problem(
      'The answer was a refusal. This is authorised testing of the requester’s own application.',
    );
  }
  if (typeof output === 'string') return problem('The answer is not JSON; call the answer tool.');
  if (nestsDeeperThan(output, MAX_NESTING)) return problem('The answer is nested too deeply.');
  const parsed = schema.safeParse(output);
  if (parsed.success) return { value: parsed.data };
  const issues = parsed.error.issues.slice(0, MAX_SHOWN_ISSUES);
  const lines = issues.map((issue) => `${jsonPointer(issue.path) || '(whole answer)'}: ${issue.message}`);
  return problem(lines.join('\n'), jsonPointer(issues[0]?.path ?? []));
}

function problem(message: string, pointer = ''): { readonly problem: Problem } {
  return { problem: { message, pointer } };
}

function correction({ rawText }: ModelReply, { message }: Problem): ModelRequest['messages'] {
  const shown = rawText.trim() === '' ? '(no answer)' : excerpt(rawText, MAX_SHOWN_ANSWER_CHARS);
  return [
    { role: 'assistant', content: shown },
    { role: 'user', content: `Your answer cannot be used:\n${message}\n\nGive the whole answer again.` },
  ];
}

function invalidOutput(operation: string, { message, pointer }: Problem): DomainError {
  return new DomainError('model_output_invalid', `${operation}: no usable answer of the model: ${message}`, {
    operation,
    pointer,
    attempts: MAX_ATTEMPTS,
  });
}

const jsonObject = z.record(z.string(), z.json());
const described = new WeakMap<z.ZodType, JsonObject>();

/** The JSON Schema that the model is given, draft 2020-12; made once for each schema. */
function jsonSchemaOf(schema: z.ZodType): JsonObject {
  const known = described.get(schema);
  if (known !== undefined) return known;
  const { $schema: _draft, ...description } = z.toJSONSchema(schema, { io: 'input' });
  const made = jsonObject.parse(description);
  described.set(schema, made);
  return made;
}
