import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import type { ToolUse } from './trace-view';

const LOOP = 3;
const MOST_EVIDENCE = 5;

/**
 * The same tool with the same arguments three times, without an error (those are retries) and without a new result: a
 * call that is repeated until something changes is polling.
 */
export const toolLoopRule: SignalRule = {
  kind: 'tool_loop',
  exposures: ({ toolUses }) => toolUses.map(({ name }) => name),
  find: ({ toolUses }) => {
    const same = new Map<string, ToolUse[]>();
    for (const use of toolUses) {
      if (use.failed) continue;
      const known = same.get(use.identity);
      if (known === undefined) same.set(use.identity, [use]);
      else known.push(use);
    }
    return [...same.values()].filter(isLoop).flatMap(signalOf);
  },
};

function isLoop(uses: readonly ToolUse[]): boolean {
  const results = new Set(uses.flatMap(({ result }) => (result === null ? [] : [result])));
  return uses.length >= LOOP && results.size <= 1;
}

function signalOf(uses: readonly ToolUse[]): readonly FoundSignal[] {
  const last = uses.at(-1);
  if (last === undefined) return [];
  return [
    {
      failureType: 'tool_loop',
      spanId: last.span.spanId,
      scope: last.name,
      trigger: `repeated calls of ${last.name}`,
      explanation: `${last.name} was called ${uses.length} times with the same arguments`,
      oracle: { kind: 'tool_loop', times: uses.length },
      evidence: uses.slice(0, MOST_EVIDENCE).map(callEvidence),
    },
  ];
}

/** The call as its span records it: its arguments, or the name of the tool. */
export function callEvidence({ span, name, arguments: given }: ToolUse): ReturnType<typeof quoteOf> {
  return quoteOf(span, {
    passages: [...(given.length > 4 ? [given] : []), name],
    explanation: `the call of ${name}`,
    near: /tool|input|output|argument|function/i,
  });
}
