import { argumentsFor } from './tool-arguments';
import { planCalls, type PlannedCall } from './tool-plan';
import { hasFailed, isAboutDates, progress, type Progress } from './tool-progress';
import { writtenWords } from './words';
import type { Draft, Talk } from './talk';

const ACTION =
  /^(?:please |can you |could you |would you |i need you to |i want you to )*(book|schedule|reserve|arrange|call|send|order|buy|transfer|print|email|post|hire|rent|fax|phone|charge|update|upgrade)\b (?:me |us |my |our |a |an |the )*(\w+)/i;

/** Calls the tools that the request needs, one at a time, and reports what came back. */
export function useTools(talk: Talk): Draft | undefined {
  if (talk.tools.length === 0) return undefined;
  const plan = planCalls(talk);
  if (plan.length === 0) return withoutTool(talk);
  const { finished, attempts, next, repeats, blocked } = progress(plan, talk);
  if (next === undefined) return { content: report({ finished, blocked }, talk) };
  const repeated = attempts.at(-1);
  const corrected = repeated !== undefined && isAboutDates(repeated, next);
  if (repeated !== undefined && !corrected) return called(next, repeated.call.arguments, repeats);
  const texts = [
    next.clause,
    talk.last,
    ...talk.steps.map(({ result }) => result),
    ...talk.turns.toReversed(),
  ];
  return called(next, argumentsFor(next.tool, texts, !corrected && talk.shows('dates_as_written')), 1);
}

function called({ tool }: PlannedCall, text: string, times: number): Draft {
  return { content: '', calls: Array.from({ length: times }, () => ({ name: tool.name, arguments: text })) };
}

function report({ finished, blocked }: Pick<Progress, 'finished' | 'blocked'>, talk: Talk): string {
  const failed = finished.find(hasFailed);
  if (failed !== undefined && finished.length + blocked.length > 1 && talk.shows('gives_up_all')) {
    return `The step ${failed.call.tool.name} did not succeed, so nothing of your request could be done.`;
  }
  const done = finished.map((item) => {
    const result = readable(item.attempts.at(-1)?.result ?? '');
    const name = item.call.tool.name;
    return hasFailed(item)
      ? `The step ${name} did not succeed (${result}).`
      : `Result of ${name}: ${result}.`;
  });
  return [...done, ...blocked.map(({ tool }) => `So the step ${tool.name} was left out.`)].join(' ');
}

function readable(result: string): string {
  try {
    const value: unknown = JSON.parse(result);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return result;
    return Object.entries(value)
      .map(([key, entry]) => `${key}: ${typeof entry === 'string' ? entry : JSON.stringify(entry)}`)
      .join(', ');
  } catch {
    return result;
  }
}

/** A request for an action that no tool performs; the planted fault makes up a tool for it. */
function withoutTool(talk: Talk): Draft | undefined {
  if (talk.steps.length > 0) return { content: 'That did not work, so nothing was done.' };
  const [, verb, object] = ACTION.exec(talk.last) ?? [];
  if (verb === undefined || object === undefined) return undefined;
  if (talk.shows('imaginary_tool')) {
    const details = JSON.stringify({ request: writtenWords(talk.last).join(' ') });
    return { content: '', calls: [{ name: `${verb}_${object}`.toLowerCase(), arguments: details }] };
  }
  return {
    content:
      'No tool for that is at hand here, so I have not done it. A colleague in the shop can arrange it.',
  };
}
