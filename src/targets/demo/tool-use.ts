import { argumentsFor, takesIsoDate } from './tool-arguments';
import { planCalls, type PlannedCall } from './tool-plan';
import { subjectWords } from './words';
import type { Draft, Talk, ToolStep } from './talk';

const FAILED =
  /\b(?:error|fail(?:ed|ure)?|unavailable|timed? ?out|denied|refused|forbidden|not allowed|invalid|not permitted|rejected)\b/i;
const ABOUT_ARGUMENTS = /\b(?:invalid|arguments?|format|schema|iso|yyyy|pattern)\b/i;
const ACTION =
  /^(?:please |can you |could you |would you |i need you to |i want you to )*(book|schedule|reserve|arrange|call|send|order|buy|transfer|print|email|post|hire|rent|fax|phone|charge|update|upgrade)\b (?:me |us |my |our |a |an |the )*(\w+)/i;
const PATIENCE = 12;

interface Finished {
  readonly call: PlannedCall;
  readonly attempts: readonly ToolStep[];
}

/** Calls the tools that the request needs, one at a time, and reports what came back. */
export function useTools(talk: Talk): Draft | undefined {
  if (talk.tools.length === 0) return undefined;
  const plan = planCalls(talk);
  if (plan.length === 0) return withoutTool(talk);
  const { finished, attempts, next, blocked } = progress(plan, talk);
  if (next === undefined) return { content: report(finished, blocked) };
  const repeated = attempts.at(-1);
  const corrected = repeated !== undefined && isAboutDates(repeated, next);
  if (repeated !== undefined && !corrected) return called(next, repeated.call.arguments);
  const texts = [
    next.clause,
    talk.last,
    ...talk.steps.map(({ result }) => result),
    ...talk.turns.toReversed(),
  ];
  return called(next, argumentsFor(next.tool, texts, !corrected && talk.shows('dates_as_written')));
}

function called({ tool }: PlannedCall, text: string): Draft {
  return { content: '', calls: [{ name: tool.name, arguments: text }] };
}

/** Walks the calls made so far along the plan; a call whose preparation failed is left out. */
function progress(
  plan: readonly PlannedCall[],
  talk: Talk,
): {
  readonly finished: readonly Finished[];
  readonly attempts: readonly ToolStep[];
  readonly next: PlannedCall | undefined;
  readonly blocked: readonly PlannedCall[];
} {
  const waiting = [...talk.steps];
  const finished: Finished[] = [];
  const blocked: PlannedCall[] = [];
  for (const call of plan) {
    const failed = new Set(finished.filter(hasFailed).map((done) => done.call.tool.name));
    if (call.needs.some((name) => failed.has(name))) {
      blocked.push(call);
      continue;
    }
    const attempts: ToolStep[] = [];
    do {
      const step = waiting.shift();
      if (step === undefined) return { finished, attempts, next: call, blocked };
      attempts.push(step);
    } while (triesAgain(call, attempts, talk));
    finished.push({ call, attempts });
  }
  return { finished, attempts: [], next: undefined, blocked };
}

/** A call is made again to correct a date that the tool refused or, by the planted fault, as long as it fails alike. */
function triesAgain(call: PlannedCall, attempts: readonly ToolStep[], talk: Talk): boolean {
  const last = attempts.at(-1);
  if (last === undefined || !FAILED.test(last.result)) return false;
  if (attempts.length === 1 && isAboutDates(last, call)) return true;
  const alike = attempts.every(({ result }) => result === last.result);
  return alike && attempts.length < PATIENCE && talk.shows('stubborn_tool');
}

function isAboutDates(step: ToolStep, { tool }: PlannedCall): boolean {
  const written = /[A-Za-z]{3,} \d|\d [A-Za-z]{3,}|\d(?:st|nd|rd|th) /.test(step.call.arguments);
  return takesIsoDate(tool) && written && ABOUT_ARGUMENTS.test(step.result);
}

function hasFailed({ attempts }: Finished): boolean {
  return FAILED.test(attempts.at(-1)?.result ?? '');
}

function report(finished: readonly Finished[], blocked: readonly PlannedCall[]): string {
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
    const details = JSON.stringify({ request: subjectWords(talk.last).join(' ') });
    return { content: '', calls: [{ name: `${verb}_${object}`.toLowerCase(), arguments: details }] };
  }
  return {
    content:
      'No tool for that is at hand here, so I have not done it. A colleague in the shop can arrange it.',
  };
}
