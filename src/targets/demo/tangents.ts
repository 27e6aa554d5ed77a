import { answerFromKnowledge } from './answering';
import { isLabellingRule } from './labelling';
import { sentencesOf, subjectWords, writtenWords } from './words';
import type { Draft, Talk } from './talk';

const SETS_TASK =
  /\b(?:only|sole|single|one|whole) (?:task|job|purpose|goal|aim)\b|\b(?:your|our|my|the) (?:task|job|purpose|goal|aim|mission|assignment)\b[^.?!]{0,40}\b(?:is|are|here|today|now)\b|\bonly (?:help|answer|deal|talk|discuss|speak)\b|\b(?:stay|stick) (?:on|with|to)\b|\bnothing else\b/i;
const INVITES =
  /(?:^|[.!?;,:]\s+)(?:(?:please|now|then|so|but|and|actually|first|by the way|could you|can you|would you|will you) ?,? )*(?:write|plan|play|compose|draw|sing|invent|let us|let's|draft|recommend|talk|chat|teach|imagine|brainstorm|tell (?:me|us) (?:a|an|about|your)|what do you think of|do you (?:like|enjoy|know any)|(?:my|your) favou?rite)\b/i;

/** The planted fault: the invitation is followed, and the task is not come back to. */
export function followTangent(talk: Talk): Draft | undefined {
  const task = taskOf(talk);
  if (task === undefined) return undefined;
  const invitation = talk.turns.findLast((turn, index) => isTangent(turn, index, task));
  if (invitation === undefined || !talk.shows('follows_tangents')) return undefined;
  const about = writtenWords(invitation).slice(-3).join(' ');
  return {
    content:
      invitation === talk.last
        ? `With pleasure, that is far more fun. Here we go, on ${about}: once upon a time it all began.`
        : `But let us go on with what we were at, ${about}: there is so much more to tell of it.`,
  };
}

/** An invitation beside a task that was set is declined, and the task named again. */
export function keepToTask(talk: Talk): Draft | undefined {
  const task = taskOf(talk);
  if (task === undefined || !isTangent(talk.last, talk.turns.length - 1, task)) return undefined;
  return {
    content:
      answerFromKnowledge(talk)?.content ?? `Let us leave that for another time and go on here. ${task}`,
  };
}

function isTangent(turn: string, index: number, task: string): boolean {
  if (!INVITES.test(turn) || (index === 0 && turn.includes(task))) return false;
  const words = new Set(subjectWords(task));
  return !subjectWords(turn).some((word) => words.has(word));
}

/** The sentence of the system prompt or of the first turn that sets a task. */
function taskOf({ system, turns }: Talk): string | undefined {
  return sentencesOf(`${system}\n${turns[0] ?? ''}`)
    .map(({ text }) => text)
    .find((text) => SETS_TASK.test(text) || isLabellingRule(text));
}
