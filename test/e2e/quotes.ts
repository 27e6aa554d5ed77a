import type { Evidence, Run } from './research-client';

/** Whether the passage stands in the message it names, or in any where it names none. */
export function isQuotedIn({ transcript }: Run, { quote, messageIndex }: Evidence): boolean {
  const { messages } = transcript;
  const where = messageIndex === undefined ? messages : messages.slice(messageIndex, messageIndex + 1);
  const said = folded(JSON.stringify([...where, ...(messageIndex === undefined ? transcript.calls : [])]));
  // Quotes of long passages are shortened in the middle.
  return quote.split('…').every((part) => said.includes(folded(JSON.stringify(part).slice(1, -1))));
}

function folded(text: string): string {
  return text.replace(/\\[nrt]|\s+/g, ' ').trim();
}
