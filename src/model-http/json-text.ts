/** How many beginnings of an object are tried in a text whose braces do not match. */
const MAX_BEGINNINGS = 20;

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The last JSON object that stands in a text, as models write one that were only asked for it: after thoughts, between
 * words, in a fence. Undefined when there is none.
 */
export function objectInText(text: string): object | undefined {
  // What a reasoning model thinks is no answer, and may hold drafts of it.
  const answer = text.replace(/^[\s\S]*<\/think>/, '');
  let found: object | undefined;
  let tried = 0;
  for (let start = answer.indexOf('{'); start >= 0 && tried < MAX_BEGINNINGS; tried += 1) {
    const end = endOfObject(answer, start);
    const value = end === undefined ? undefined : parseJson(answer.slice(start, end));
    const isObject = typeof value === 'object' && value !== null;
    if (isObject) found = value;
    start = answer.indexOf('{', isObject ? end : start + 1);
  }
  return found;
}

/** The index after the brace that closes the one at `start`, braces in strings aside. */
function endOfObject(text: string, start: number): number | undefined {
  const marks = /["{}]|\\[\s\S]/g;
  marks.lastIndex = start;
  let depth = 0;
  let quoted = false;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '"') quoted = !quoted;
    else if (!quoted && mark[0] === '{') depth += 1;
    else if (!quoted && mark[0] === '}' && --depth === 0) return marks.lastIndex;
  }
  return undefined;
}
