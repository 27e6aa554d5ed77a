import type { DetectorKinds } from '../detection';
import { DomainError } from '../errors';
import { findFolded, foldText } from './folded-text';
import { beginningOf, quoteAround } from './quote';
import { answersIn, scopeName, scopeProblem } from './transcript-parts';

/** Detectors that compare the target's words with given ones. */
export const TEXT_DETECTORS: DetectorKinds<'contains' | 'exact' | 'regex'> = {
  contains: {
    evidence: ({ any, in: scope, caseSensitive = false }, transcript) =>
      answersIn(transcript, scope).flatMap(({ messageIndex, text }) => {
        const found = any
          .map((wanted) => ({ wanted, place: findWords(text, wanted, caseSensitive) }))
          .find(({ place }) => place !== undefined);
        if (found?.place === undefined) return [];
        const quote = quoteAround(text, found.place.start, found.place.end);
        return [{ messageIndex, quote, explanation: `the text contains ${JSON.stringify(found.wanted)}` }];
      }),
    describe: ({ any, in: scope }) =>
      `${scopeName(scope)} contains ${any.map((wanted) => JSON.stringify(wanted)).join(' or ')}`,
    problem: ({ any, in: scope }) => {
      if (any.length === 0) return 'contains: it names no text';
      if (any.some((wanted) => wanted.trim() === '')) return 'contains: an empty text is in everything';
      return scopeProblem(scope);
    },
  },
  exact: {
    evidence: ({ text: wanted, in: scope, caseSensitive = false }, transcript) =>
      answersIn(transcript, scope)
        .filter(({ text }) =>
          caseSensitive ? text === wanted : foldText(text).text === foldText(wanted).text,
        )
        .map(({ messageIndex, text }) =>
          beginningOf(text, messageIndex, `the text is ${JSON.stringify(wanted)}`),
        ),
    describe: ({ text, in: scope }) => `${scopeName(scope)} is ${JSON.stringify(text)}`,
    problem: ({ in: scope }) => scopeProblem(scope),
  },
  regex: {
    evidence: ({ pattern, flags = '', in: scope }, transcript, { engines }) =>
      answersIn(transcript, scope).flatMap(({ messageIndex, text }) => {
        const found = engines.match(pattern, flags, text);
        if (found === undefined) return [];
        const quote = quoteAround(text, found.index, found.index + found.text.length);
        return [{ messageIndex, quote, explanation: `the text matches /${pattern}/${flags}` }];
      }),
    describe: ({ pattern, flags = '', in: scope }) => `${scopeName(scope)} matches /${pattern}/${flags}`,
    problem: ({ pattern, flags = '', in: scope }, engines) =>
      problemOf(() => engines.match(pattern, flags, '')) ?? scopeProblem(scope),
  },
};

/** What an engine says when it is tried; undefined when it takes what it is given. */
export function problemOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
}

function findWords(
  text: string,
  wanted: string,
  caseSensitive: boolean,
): { readonly start: number; readonly end: number } | undefined {
  if (!caseSensitive) return findFolded(foldText(text), foldText(wanted).text);
  const start = text.indexOf(wanted);
  return start < 0 ? undefined : { start, end: start + wanted.length };
}
