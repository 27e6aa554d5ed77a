import type { ChatMessage } from './chat';
import { decodings } from './detectors/decodings';
import { quoteAround } from './detectors/quote';
import type { Transcript } from './experiment';
import { INJECTION_PATTERNS } from './injection-patterns';
import type { InjectionKind } from './injection-patterns';
import { plainViews } from './plain-views';
import type { PlainView } from './plain-views';

export { INJECTION_KINDS } from './injection-patterns';

/** A passage that tries to tell a judge or the researcher what to conclude. */
export interface InjectionAttempt {
  readonly kind: InjectionKind;
  readonly quote: string;
}

/** The same within a run. */
export interface PlacedAttempt extends InjectionAttempt {
  readonly messageIndex: number;
  /** Whose words they are: those of the target, or of the stimulus, which the experiment may have planted itself. */
  readonly from: 'target' | 'stimulus';
}

const MAX_ATTEMPTS = 20;
const MAX_ATTEMPTS_OF_KIND = 5;
const MAX_SCANNED_CHARS = 200_000;
/** Runs shorter than an instruction are not read as encodings; neither is more text than this. */
const ENCODED = /(?:[A-Za-z0-9+/_-]{28,}|(?:[0-9a-f]{2}[\s:,]?){24,})/i;
const MAX_DECODED_CHARS = 20_000;

/**
 * The passages of a text, in order, that read like attempts to steer whoever evaluates it: 20 at most, the same passage
 * once a kind. Rules and no model: it finds what is worded or disguised in known ways and no more, and ordinary text about
 * such attempts looks like one. Nothing follows from an attempt for the verdict on a run.
 */
export function findInjectionAttempts(text: string): readonly InjectionAttempt[] {
  const scanned = text.slice(0, MAX_SCANNED_CHARS);
  const found = new Map<string, InjectionAttempt & { readonly at: number }>();
  const add = (kind: InjectionKind, start: number, end: number): void => {
    const { from, to } = sentenceAround(scanned, start, end);
    const attempt = { kind, quote: quoteAround(scanned.slice(from, to), 0, to - from).trim(), at: start };
    found.set(`${kind} ${attempt.quote}`, attempt);
  };
  for (const view of plainViews(scanned)) {
    for (const [kind, start, end] of matchesIn(view)) add(view.disguise ?? kind, start, end);
  }
  for (const [start, end] of hiddenPassages(scanned)) add('hidden_text', start, end);
  for (const [start, end] of encodedPassages(scanned)) add('encoded', start, end);
  return [...found.values()]
    .toSorted((a, b) => a.at - b.at || a.kind.localeCompare(b.kind, 'en'))
    .slice(0, MAX_ATTEMPTS)
    .map(({ kind, quote }) => ({ kind, quote }));
}

/** All attempts in a run, whoever speaks: 20 at most. */
export function injectionAttemptsOf({ messages }: Transcript): readonly PlacedAttempt[] {
  return messages
    .flatMap((message, messageIndex) =>
      textsOf(message)
        .flatMap(findInjectionAttempts)
        .map(({ kind, quote }): PlacedAttempt => {
          return { messageIndex, from: message.role === 'assistant' ? 'target' : 'stimulus', kind, quote };
        }),
    )
    .toSorted((a, b) => Number(a.from === 'stimulus') - Number(b.from === 'stimulus'))
    .slice(0, MAX_ATTEMPTS);
}

function textsOf(message: ChatMessage): readonly string[] {
  if (message.role !== 'assistant') return [message.content];
  return [message.content, ...(message.toolCalls ?? []).map((call) => call.arguments)];
}

function matchesIn({ text, origins }: PlainView): readonly (readonly [InjectionKind, number, number])[] {
  return INJECTION_PATTERNS.flatMap(([kind, pattern]) => {
    const matches = [...text.matchAll(pattern)].slice(0, MAX_ATTEMPTS_OF_KIND);
    return matches.map(({ index, 0: matched }): readonly [InjectionKind, number, number] => {
      const start = origins[index] ?? 0;
      const last = origins[Math.max(index, index + matched.length - 1)] ?? start;
      return [kind, Math.min(start, last), Math.max(start, last) + 1];
    });
  });
}

/** Characters of Unicode's tag block, overridden writing direction, and words taken apart by invisible characters. */
function hiddenPassages(text: string): readonly (readonly [number, number])[] {
  const hidden =
    /[\u{E0020}-\u{E007E}]{3,}|[\u202D\u202E]|(?:\p{L}(?![\u00AD\u200C\u200D])\p{Cf}+){3,}\p{L}/gu;
  return [...text.matchAll(hidden)]
    .slice(0, MAX_ATTEMPTS_OF_KIND)
    .map(({ index, 0: matched }) => [index, index + matched.length] as const);
}

function encodedPassages(text: string): readonly (readonly [number, number])[] {
  if (!ENCODED.test(text)) return [];
  return decodings(text.slice(0, MAX_DECODED_CHARS)).flatMap(({ text: decoded, origins }) => {
    const readable = decoded.toLowerCase();
    return matchesIn({ text: readable, origins })
      .filter(([kind]) => kind !== 'fake_role' && kind !== 'fake_fence')
      .map(([, start, end]) => [start, end] as const);
  });
}

/** The sentence or line that a passage stands in. */
function sentenceAround(text: string, start: number, end: number): { from: number; to: number } {
  const before = text.slice(Math.max(0, start - 200), start);
  const after = text.slice(end, end + 200);
  const opening = Math.max(...['.', '!', '?', '\n'].map((mark) => before.lastIndexOf(mark)));
  const closing = /[.!?\n]/.exec(after)?.index;
  return {
    from: opening < 0 ? start - before.length : start - before.length + opening + 1,
    to: end + (closing === undefined ? after.length : closing + 1),
  };
}
