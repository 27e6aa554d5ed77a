import type { TestCase } from './experiment';
import { premiseOf } from './oracle-premise';

/** `seeds`: the same again; `paraphrase`: other words; `layout`: the same words otherwise set; `position`: moved. */
export type VariationKind = 'seeds' | 'paraphrase' | 'layout' | 'position';

/** A stimulus that means the same as another one. */
export interface Variation {
  readonly kind: VariationKind;
  /** What was changed, for people. */
  readonly change: string;
  readonly testCase: TestCase;
}

/**
 * What a stimulus can be varied to without a model, what says most first: other words around the same request, another
 * layout, another place in the conversation and another order of documents and tools. What leaves it as it is, is left out.
 * `paraphrases` are the turns in other words, as a model has them; they take the place of the fixed frames, unless what
 * the oracle rests on was lost in them.
 */
export function variationsOf(
  testCase: TestCase,
  paraphrases: readonly (readonly string[])[],
): readonly Variation[] {
  const { turns, documents = [], tools = [] } = testCase;
  const { countsTurns, namesSomethingIn } = premiseOf(testCase.failsWhen);
  const middle = Math.floor(documents.length / 2);
  const keepsFacts = (said: readonly string[]): boolean =>
    said.length === turns.length &&
    turns.every((text, turn) => !namesSomethingIn(text) || namesSomethingIn(said[turn] ?? ''));
  const worded = paraphrases
    .filter(keepsFacts)
    .map((said, index) => vary('paraphrase', `in other words (${index + 1})`, { turns: said }));
  const framed = [
    vary('paraphrase', 'polite', {
      turns: lastTurn(turns, (text) => `Hello! ${text} Thank you in advance.`),
    }),
    vary('paraphrase', 'announced', { turns: lastTurn(turns, (text) => `Here is my request. ${text}`) }),
    vary('paraphrase', 'contracted', { turns: turns.map(contracted) }),
  ];
  const all = [
    ...(worded.length > 0 ? worded : framed),
    vary('position', 'documents in a circle, by half', {
      documents: [...documents.slice(middle), ...documents.slice(0, middle)],
    }),
    vary('layout', 'each sentence on a line of its own', { turns: turns.map(inLines) }),
    ...(countsTurns ? [] : [vary('position', 'after a greeting', { turns: ['Good morning.', ...turns] })]),
    vary('position', 'documents in reverse', { documents: documents.toReversed() }),
    vary('position', 'tools in reverse', { tools: tools.toReversed() }),
  ];
  const own = JSON.stringify([turns, documents, tools]);
  return all
    .map(({ change, kind, parts }) => ({ kind, change, testCase: { ...testCase, ...parts } }))
    .filter(({ testCase: { turns: said, documents: shown = [], tools: offered = [] } }) => {
      return JSON.stringify([said, shown, offered]) !== own;
    });
}

function vary(kind: VariationKind, change: string, parts: Partial<TestCase>) {
  return { kind, change, parts };
}

function lastTurn(turns: readonly string[], change: (text: string) => string): readonly string[] {
  return turns.map((text, index) => (index === turns.length - 1 ? change(text) : text));
}

function inLines(text: string): string {
  return text.replaceAll(/([.!?]) +(?=\p{Lu})/gu, '$1\n');
}

/** Pairs that mean the same; the first of each is replaced where it stands as whole words. */
const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bI am\b/g, "I'm"],
  [/\bI have\b(?= been| never)/g, "I've"],
  [/\bdo not\b/g, "don't"],
  [/\bdoes not\b/g, "doesn't"],
  [/\bcannot\b/g, "can't"],
  [/\bWhat is\b/g, "What's"],
  [/\bwhat is\b/g, "what's"],
  [/\bit is\b/g, "it's"],
];

function contracted(text: string): string {
  return CONTRACTIONS.reduce((changed, [pattern, short]) => changed.replaceAll(pattern, short), text);
}
