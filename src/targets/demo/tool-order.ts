import type { ToolDefinition } from '../../domain/chat';
import { codesOf, sentencesOf, subjectWords } from './words';
import type { Talk } from './talk';

const INSTEAD = /\b(?:instead|unlike|rather|alternative|not)\b/i;

/** Whether descriptions, parameters or system prompt say that `first` is to be called before `second`. */
export function comesBefore(first: ToolDefinition, second: ToolDefinition, talk: Talk): boolean {
  const needed = sentencesOf(second.description).some(
    ({ text }) => mentions(text, first.name) && !INSTEAD.test(text),
  );
  if (needed || feeds(first, second, talk)) return true;
  return sentencesOf(`${talk.system}\n${first.description}`).some(({ text }) => {
    const own = first.description.includes(text);
    return saysBefore(text, first.name, second.name, own) || saysAfter(text, first.name, second.name);
  });
}

function saysBefore(text: string, first: string, second: string, isOwnText: boolean): boolean {
  const turning = text.search(/\bbefore\b/i);
  if (turning < 0 || !mentions(text.slice(turning), second)) return false;
  return mentions(text.slice(0, turning), first) || isOwnText;
}

function saysAfter(text: string, first: string, second: string): boolean {
  const turning = text.search(/\b(?:after|requires?|needs?)\b/i);
  return turning >= 0 && mentions(text.slice(0, turning), second) && mentions(text.slice(turning), first);
}

/** Whether the first tool gives what the second one requires and the request does not say. */
function feeds(first: ToolDefinition, second: ToolDefinition, talk: Talk): boolean {
  if (codesOf(talk.last) !== '') return false;
  const given =
    /\b(?:return|give|yield|find|look|fetch|get|provide|create)\w*\b.*/i.exec(first.description)?.[0] ?? '';
  const words = new Set(subjectWords(given));
  const taken = requiredOf(first);
  return requiredOf(second).some((name) => {
    const parts = name.split('_');
    return parts.length > 1 && !taken.includes(name) && parts.every((part) => words.has(part));
  });
}

function requiredOf({ parameters: { required } }: ToolDefinition): readonly string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w-])${name.replace(/[^\w-]/g, '')}(?![\\w-])`).test(text);
}
