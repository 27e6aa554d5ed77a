/** C0 and C1 controls, DEL, and marks that turn the direction of writing: they could repaint the terminal. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text from outside as one line that cannot act on the terminal. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(CONTROLS, '').trim();
}

/** Text from outside that keeps its lines. */
export function lines(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => line.replace(/\t/g, '  ').replace(CONTROLS, ''));
}

/** JSON whose strings cannot act on the terminal either: what JSON leaves raw is escaped. */
export function terminalJson(value: unknown): string {
  const json = JSON.stringify(value, undefined, 2);
  return json.replace(CONTROLS, (mark) =>
    mark === '\n' ? mark : `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The text, or its beginning with an ellipsis when it is longer than so many characters. */
export function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join('')}…`;
}

/** Lines of at most so many characters, broken at blanks where there are any. */
export function wrapped(text: string, width: number): readonly string[] {
  const found: string[] = [];
  for (const word of text.split(' ')) {
    const last = found.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) found.push(word);
    else found[found.length - 1] = `${last} ${word}`;
  }
  return found;
}
