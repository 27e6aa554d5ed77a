import type { AttributeValue } from '../../domain/trace';
import { decoded, isAttributeList, isAttributeRecord, numberOf, textOf } from '../genai/attribute-view';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import { judgeStatement, STATEMENTS, type Statement } from './stated-values';
import type { ModelCall, ToolUse, TraceView } from './trace-view';

/** Longer results, and those with more members, are not compared. */
const LONGEST_RESULT = 200_000;
const DEEPEST = 6;
const MOST_FACTS = 500;

/** A value that a tool gave for a key which no other result of the trace gives otherwise. */
interface ToolFact {
  readonly key: string;
  readonly value: number | string;
  readonly use: ToolUse;
}

/**
 * An answer that says something else than a tool did, where that can be decided: the answer names the key of a JSON result
 * and gives, once, a plain number, an ISO date or a status for it; the trace knows one value for that key; the answer's
 * value is not that one rounded, is no opposite of a status that leaves room for other words, and occurs nowhere else in
 * what tools and users said. Everything else (units, sums, paraphrases) is left alone.
 */
export const contradictedResultRule: SignalRule = {
  kind: 'contradicted_result',
  exposures: (view) => factsOf(view).map(({ use }) => use.name),
  find: (view) => {
    const answer = finalAnswer(view);
    if (answer === null) return [];
    const known = [...view.toolUses.flatMap(({ result }) => result ?? []), ...view.userTexts].join('\n');
    return factsOf(view).flatMap((fact) => contradictionOf(fact, answer, known));
  },
};

interface Answer extends ModelCall {
  readonly text: string;
}

/** What the last model call said, when it asked for no further tool. */
function finalAnswer({ modelCalls }: TraceView): Answer | null {
  const last = modelCalls.at(-1);
  if (last === undefined || last.operation.toolCalls.length > 0) return null;
  const text = last.operation.outputMessages.map((message) => message.text).join('\n');
  return text === '' ? null : { ...last, text };
}

function factsOf({ toolUses }: TraceView): readonly ToolFact[] {
  const facts = new Map<string, ToolFact | null>();
  for (const use of toolUses) {
    if (use.failed || use.result === null || use.result.length > LONGEST_RESULT) continue;
    for (const [key, value] of scalarsOf(decoded(use.result), 0)) {
      const known = facts.get(key);
      facts.set(key, known === undefined || known?.value === value ? { key, value, use } : null);
    }
  }
  return [...facts.values()].flatMap((fact) => (fact === null ? [] : [fact])).slice(0, MOST_FACTS);
}

/** The members with a number or a text, by their own keys; members of lists speak of several things, and are left out. */
function* scalarsOf(
  value: AttributeValue | undefined,
  depth: number,
): Generator<readonly [string, number | string]> {
  if (!isAttributeRecord(value) || depth > DEEPEST) return;
  for (const [key, item] of Object.entries(value)) {
    if (isAttributeList(item)) continue;
    if (isAttributeRecord(item)) yield* scalarsOf(item, depth + 1);
    else {
      const number = typeof item === 'string' ? undefined : numberOf(item);
      if (number !== undefined) yield [key, number];
      else if (typeof item === 'string' && item !== '') yield [key, item];
    }
  }
}

function contradictionOf(
  { key, value, use }: ToolFact,
  answer: Answer,
  known: string,
): readonly FoundSignal[] {
  const statement =
    STATEMENTS.map((find) => find(key, value, answer.text)).find((one) => one !== null) ?? null;
  if (statement === null || !judgeStatement(statement, known)) return [];
  const evidence = [answerEvidence(answer, statement), resultEvidence(use, key, value)];
  return evidence.includes(null)
    ? []
    : [
        {
          failureType: 'tool_hallucination',
          spanId: answer.span.spanId,
          scope: use.name,
          trigger: `answer contradicts ${use.name} on ${key}`,
          explanation: `${use.name} gave ${textOf(value)} for ${key}; the answer says ${statement.said}`,
          oracle: statement.oracle,
          evidence,
        },
      ];
}

function answerEvidence({ span }: Answer, { passage }: Statement): ReturnType<typeof quoteOf> {
  return quoteOf(span, {
    passages: [passage],
    explanation: 'what the answer says',
    near: /output|completion|choice|response/i,
  });
}

function resultEvidence(
  { span, result, name }: ToolUse,
  key: string,
  value: number | string,
): ReturnType<typeof quoteOf> {
  const at = result?.search(new RegExp(`"${escapedPattern(key)}"\\s*:`)) ?? -1;
  const passage = at < 0 ? '' : (result ?? '').slice(at).split(/[,}\n]/)[0];
  return quoteOf(span, {
    passages: [passage ?? '', String(value)],
    explanation: `what ${name} gave`,
    near: /result|response|output|input|prompt/i,
  });
}

function escapedPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
