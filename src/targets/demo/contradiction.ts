import { questionsOf } from './turns';
import { subjectWords } from './words';
import type { Skill, Talk } from './talk';

const ASSERTS = /\b(?:is|are|was|were|can|may|must|will|has|have|costs?|takes?|opens?)\b/i;

/** The skill, but by the planted fault an answer that it gave before turns into its contrary. */
export function constant(skill: Skill): Skill {
  return (talk) => {
    const draft = skill(talk);
    if (draft === undefined || draft.calls !== undefined || !talk.shows('changes_its_mind')) return draft;
    return wasGiven(draft.content, talk) ? { content: contrary(draft.content) } : draft;
  };
}

/** Whether an earlier turn asked for much the same and got this answer. */
function wasGiven(content: string, talk: Talk): boolean {
  const given = talk.answers.some((answer) => answer.toLowerCase().includes(content.toLowerCase()));
  return given && talk.turns.slice(0, -1).some((turn) => asksAlike(turn, talk.last));
}

function asksAlike(before: string, now: string): boolean {
  if (questionsOf(before).length === 0) return false;
  const [words, asked] = [new Set(subjectWords(before)), [...new Set(subjectWords(now))]];
  const shared = asked.filter((word) => words.has(word));
  return shared.length * 2 >= Math.min(words.size, asked.length);
}

function contrary(content: string): string {
  if (/\d/.test(content)) return content.replace(/\d/g, (digit) => `${(Number(digit) + 3) % 10}`);
  if (/^yes\b/i.test(content)) return 'No, that is not so.';
  if (/^no\b/i.test(content)) return 'Yes, that is so.';
  if (ASSERTS.test(content)) return content.replace(ASSERTS, (verb) => `${verb} not`);
  return 'No, it is otherwise.';
}
