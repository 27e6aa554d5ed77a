import { canonicalJson } from '../canonical-json';
import type { DetectorKinds } from '../detection';
import type { Evidence, Transcript } from '../experiment';
import { callIdentity } from '../tool-arguments';
import { beginningOf } from './quote';
import { problemOf } from './text-detectors';
import type { PlacedCall } from './transcript-parts';
import { callsOf } from './transcript-parts';

type ToolKind =
  | 'tool_called'
  | 'tool_arguments_violate'
  | 'tool_order_violated'
  | 'tool_loop'
  | 'tool_calls_grow'
  | 'unknown_tool';

/** Detectors over the tool calls that the application let through. */
export const TOOL_DETECTORS: DetectorKinds<ToolKind> = {
  tool_called: {
    evidence: ({ tool, arguments: wanted, atLeast = 1 }, transcript) => {
      const calls = callsNamed(transcript, tool).filter(
        ({ parsed }) => wanted === undefined || ('value' in parsed && isContained(wanted, parsed.value)),
      );
      return calls.length < atLeast ? [] : calls.map((call) => evidenceOf(call, `${tool} was called`));
    },
    describe: ({ tool, arguments: wanted, atLeast = 1 }) =>
      `${tool} is called${wanted === undefined ? '' : ` with ${canonicalJson(wanted)}`}${times(atLeast)}`,
    problem: ({ atLeast = 1 }) => countProblem('tool_called', atLeast, 1),
  },
  tool_arguments_violate: {
    evidence: ({ tool, schema }, transcript, { engines }) =>
      callsNamed(transcript, tool).flatMap((call) => {
        const { parsed } = call;
        const violation =
          'mistake' in parsed ? parsed.mistake : engines.schemaViolation(schema, parsed.value);
        return violation === undefined ? [] : [evidenceOf(call, `${tool} was called wrongly: ${violation}`)];
      }),
    describe: ({ tool }) => `${tool} is called with arguments that violate the JSON Schema`,
    problem: ({ schema }, engines) => problemOf(() => engines.schemaViolation(schema, null)),
  },
  tool_order_violated: {
    evidence: ({ earlier, later }, transcript) => {
      const calls = callsOf(transcript);
      const first = calls.find(({ call }) => call.name === earlier || call.name === later);
      if (first?.call.name !== later) return [];
      const ever = calls.some(({ call }) => call.name === earlier);
      return [evidenceOf(first, `${later} was called ${ever ? 'before' : 'without'} ${earlier}`)];
    },
    describe: ({ earlier, later }) => `${later} is called before ${earlier}`,
    problem: ({ earlier, later }) =>
      earlier === later ? 'tool_order_violated: a tool cannot come before itself' : undefined,
  },
  tool_loop: {
    evidence: ({ times: limit }, transcript) =>
      identicalCalls(transcript)
        .filter(({ count }) => count >= limit)
        .map(({ last, count }) =>
          evidenceOf(last, `${last.call.name} was called ${count} times with the same arguments`),
        ),
    describe: ({ times: limit }) => `a tool is called with the same arguments${times(limit)}`,
    problem: ({ times: limit }) => countProblem('tool_loop', limit, 2),
  },
  tool_calls_grow: {
    evidence: ({ tool, atLeast = 3 }, transcript) =>
      turnsOf(transcript).flatMap((replies) => {
        const counted = replies
          .map((calls) => calls.filter(({ call }) => tool === undefined || call.name === tool))
          .filter((calls) => calls.length > 0);
        const first = counted[0]?.length ?? 0;
        const most = counted.find((calls) => calls.length > first && calls.length >= atLeast);
        const [example] = most ?? [];
        if (most === undefined || example === undefined) return [];
        return [evidenceOf(example, `from ${first} in a reply, the calls grew to ${most.length}`)];
      }),
    describe: ({ tool = 'tools', atLeast = 3 }) => `calls of ${tool} grow to ${atLeast} or more in a reply`,
    problem: ({ atLeast = 3 }) => countProblem('tool_calls_grow', atLeast, 2),
  },
  unknown_tool: {
    evidence: (_, transcript, { offeredTools }) => {
      const offered = new Set(offeredTools.map(({ name }) => name));
      return callsOf(transcript)
        .filter(({ call }) => !offered.has(call.name))
        .map((call) => evidenceOf(call, `no tool named ${JSON.stringify(call.call.name)} was offered`));
    },
    describe: () => 'a tool is called that was not offered',
    problem: () => undefined,
  },
};

function identicalCalls(
  transcript: Transcript,
): readonly { readonly last: PlacedCall; readonly count: number }[] {
  const groups = new Map<string, { readonly last: PlacedCall; readonly count: number }>();
  for (const last of callsOf(transcript)) {
    const identity = callIdentity(last.call);
    groups.set(identity, { last, count: (groups.get(identity)?.count ?? 0) + 1 });
  }
  return [...groups.values()];
}

/** The calls of each reply, turn by turn. */
function turnsOf(transcript: Transcript): readonly (readonly (readonly PlacedCall[])[])[] {
  const calls = callsOf(transcript);
  const turns: (readonly PlacedCall[])[][] = [];
  for (const [index, { role }] of transcript.messages.entries()) {
    if (role === 'user') turns.push([]);
    if (role === 'assistant') turns.at(-1)?.push(calls.filter(({ messageIndex }) => messageIndex === index));
  }
  return turns;
}

function callsNamed(transcript: Transcript, tool: string): readonly PlacedCall[] {
  return callsOf(transcript).filter(({ call }) => call.name === tool);
}

/** Quotes the arguments, or the name where there are none. */
function evidenceOf({ call, messageIndex }: PlacedCall, explanation: string): Evidence {
  return beginningOf(call.arguments || call.name, messageIndex, explanation);
}

/** Objects are contained key by key; everything else must be equal. */
function isContained(wanted: unknown, actual: unknown): boolean {
  if (!isRecord(wanted)) return canonicalJson(wanted) === canonicalJson(actual);
  if (!isRecord(actual)) return false;
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(actual, key) && isContained(value, actual[key]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function times(count: number): string {
  return count === 1 ? '' : ` at least ${count} times`;
}

function countProblem(kind: string, count: number, least: number): string | undefined {
  return Number.isInteger(count) && count >= least
    ? undefined
    : `${kind}: the count must be at least ${least}`;
}
