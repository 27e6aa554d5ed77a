import type { TestCase } from './experiment';
import { premiseOf } from './oracle-premise';
import type { OraclePremise } from './oracle-premise';
import { cutToBytes } from './text-size';

const NAMED_PARTS = 5;
const NAME_BYTES = 40;

/** A part of a stimulus that can be taken away by itself. */
export interface StimulusPart {
  readonly kind: 'document' | 'turn' | 'tool' | 'sentence';
  /** Where it stands: `turn 2`, `document 1`, `system prompt`. */
  readonly where: string;
  readonly text: string;
}

export interface Divided {
  /** Those that may be taken away. */
  readonly parts: readonly StimulusPart[];
  /** Those that the oracle rests on, which stay. */
  readonly fixed: readonly StimulusPart[];
  /** The stimulus with only these of the parts. */
  readonly withOnly: (kept: readonly StimulusPart[]) => TestCase;
}

/**
 * Rules, reservations and what refers back to another sentence: without them, what the target does may be quite right.
 * Told by their words, which are English: a sentence in another language is kept.
 */
const SAYS_WHAT_HOLDS = new RegExp(
  `\\b(?:${[
    "never|always|must|should|shall|may|might|cannot|can't|don't|not|nor?|only|alone|without|unless|except|whatever",
    'until|before|after|first|still|instead|remember|rules?|needs?|needed|ha[sd] to|have to|required?|requires|confirm',
    'confirmed|confidential|secret|private|allowed|permitted|forbidden|at most|at least|no more than|exactly|every|any',
    'anyone|it|its|they|them|their|this|that|these|those|he|him|his|she|her',
  ].join('|')})\\b`,
  'i',
);
const ENGLISH =
  /\b(?:the|an?|is|are|was|were|of|to|in|on|at|for|and|or|i|my|me|you|your|we|our|with|by|from|please)\b/i;

/** Documents, turns and tools as wholes. The last turn always stays, and so do adaptive ones: they are the question. */
export function wholeParts(testCase: TestCase): Divided {
  const { documents = [], turns, adaptiveTurns = [], tools = [] } = testCase;
  const premise = premiseOf(testCase.failsWhen);
  const question = [turns.at(-1), ...adaptiveTurns.flatMap(({ say, otherwise }) => [say, otherwise])].join(
    ' ',
  );
  const [documentParts, turnParts, toolParts] = [
    documents.map(({ title, text }, index) => part('document', `document ${index + 1}`, `${title}: ${text}`)),
    turns.slice(0, -1).map((text, index) => part('turn', `turn ${index + 1}`, text)),
    tools.map(({ name }) => part('tool', 'tools', name)),
  ];
  const rests = (one: StimulusPart): boolean => {
    if (one.kind === 'tool')
      return premise.onSilence || premise.tools.size === 0 || premise.tools.has(one.text);
    if (one.kind === 'turn' && (premise.countsTurns || SAYS_WHAT_HOLDS.test(one.text))) return true;
    return premise.namesSomethingIn(one.text) || (premise.onSilence && shareWords(one.text, question));
  };
  const all = [...documentParts, ...turnParts, ...toolParts];
  return {
    parts: all.filter((one) => !rests(one)),
    fixed: all.filter(rests),
    withOnly: (kept) => {
      const stays = (one: StimulusPart | undefined): boolean =>
        one === undefined || kept.includes(one) || rests(one);
      const { documents: _documents, tools: _tools, ...rest } = testCase;
      const [shown, offered] = [
        documents.filter((_, index) => stays(documentParts[index])),
        tools.filter((_, index) => stays(toolParts[index])),
      ];
      return {
        ...rest,
        turns: turns.filter((_, index) => stays(turnParts[index])),
        ...(shown.length === 0 ? {} : { documents: shown }),
        ...(offered.length === 0 ? {} : { tools: offered }),
      };
    },
  };
}

/**
 * The sentences of what the case adds to the system prompt, of its documents and of its turns. Where the oracle also fires
 * on silence, none may be taken away: there is no telling which of them the right answer needs.
 */
export function sentenceParts(testCase: TestCase): Divided {
  const premise = premiseOf(testCase.failsWhen);
  const { systemPrompt = '', documents = [], turns } = testCase;
  const [system, shown, said] = [
    sentencesOf('system prompt', systemPrompt),
    documents.map(({ text }, index) => sentencesOf(`document ${index + 1}`, text)),
    turns.map((text, index) => sentencesOf(`turn ${index + 1}`, text)),
  ];
  const alone = new Set([...shown, ...said].filter((sentences) => sentences.length === 1).flat());
  const all = [system, ...shown, ...said].flat();
  const rests = (one: StimulusPart): boolean =>
    premise.onSilence || alone.has(one) || isPremise(one, premise);
  return {
    parts: all.filter((one) => !rests(one)),
    fixed: all.filter((one) => rests(one) && !alone.has(one)),
    withOnly: (kept) => {
      const textOf = (sentences: readonly StimulusPart[]): string =>
        sentences
          .filter((one) => kept.includes(one) || rests(one))
          .map(({ text }) => text)
          .join('')
          .trim();
      const { systemPrompt: _systemPrompt, documents: _documents, ...rest } = testCase;
      const added = textOf(system);
      return {
        ...rest,
        turns: said.map(textOf),
        ...(added === '' ? {} : { systemPrompt: added }),
        ...(documents.length === 0
          ? {}
          : {
              documents: documents.map(({ title }, index) => ({ title, text: textOf(shown[index] ?? []) })),
            }),
      };
    },
  };
}

/** Parts by where they stand, sentences by their beginnings. */
export function namesOf(parts: readonly StimulusPart[]): string {
  const names = parts
    .slice(0, NAMED_PARTS)
    .map(({ kind, where, text }) =>
      kind === 'sentence' ? `"${cutToBytes(text.trim(), NAME_BYTES)}"` : kind === 'tool' ? text : where,
    );
  const more = parts.length - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** Whether a stimulus still says something in every turn and document. */
export function saysSomething({ turns, documents = [] }: TestCase): boolean {
  return [...turns, ...documents.map(({ text }) => text)].every((text) => text.trim() !== '');
}

function isPremise({ text }: StimulusPart, premise: OraclePremise): boolean {
  return premise.namesSomethingIn(text) || SAYS_WHAT_HOLDS.test(text) || !ENGLISH.test(text);
}

function part(kind: StimulusPart['kind'], where: string, text: string): StimulusPart {
  return { kind, where, text };
}

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

/** With the white space after each, so that together they are the text. */
function sentencesOf(where: string, text: string): readonly StimulusPart[] {
  return [...SENTENCES.segment(text)].map(({ segment }) => part('sentence', where, segment));
}

const EVERYDAY_WORDS = new Set(
  'about also been does each from have here into just know like many more much need only over please some tell than that their them then there these they this time very want were what when where which will with would your'.split(
    ' ',
  ),
);

function contentWords(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [];
  return new Set(words.filter((word) => !EVERYDAY_WORDS.has(word)));
}

function shareWords(a: string, b: string): boolean {
  const known = contentWords(b);
  return [...contentWords(a)].some((word) => known.has(word));
}
