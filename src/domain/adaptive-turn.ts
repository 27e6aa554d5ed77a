import type { DetectionContext } from './detection';
import { detect } from './detect';
import type { AdaptiveTurn, Transcript } from './experiment';
import { cutToBytes, utf8Bytes } from './text-size';

const ANSWER = '{{answer}}';
/** Of an answer that the user quotes. */
const QUOTED_BYTES = 1_000;

/**
 * What the user says at an adaptive turn, after everything in the transcript; undefined: nothing.
 * @throws {DomainError} `invalid_experiment` for a condition that cannot be used.
 */
export function spokenTurn(
  { when, say, otherwise }: AdaptiveTurn,
  transcript: Transcript,
  context: DetectionContext,
): string | undefined {
  const said = when === undefined || detect(when, transcript, context).fired ? say : otherwise;
  const answer = transcript.messages.findLast(({ role }) => role === 'assistant')?.content ?? '';
  return said?.replaceAll(ANSWER, () => cutToBytes(answer, QUOTED_BYTES));
}

/** The most that is said at an adaptive turn, in bytes. */
export function spokenBytes({ say, otherwise = '' }: AdaptiveTurn): number {
  const longest = [say, otherwise].map((text) => {
    const parts = text.split(ANSWER);
    return utf8Bytes(parts.join('')) + (parts.length - 1) * QUOTED_BYTES;
  });
  return Math.max(...longest);
}
