import { takesIsoDate } from './tool-arguments';
import type { PlannedCall } from './tool-plan';
import { isBusy, isFailure } from './tool-results';
import type { Talk, ToolStep } from './talk';

/** A call of the plan that is over, well or badly. */
interface Finished {
  readonly call: PlannedCall;
  readonly attempts: readonly ToolStep[];
}

/** How far a plan has come. */
export interface Progress {
  readonly finished: readonly Finished[];
  /** The call to make now; undefined when all is done. */
  readonly next: PlannedCall | undefined;
  /** The attempts at it so far. */
  readonly attempts: readonly ToolStep[];
  /** How many times to make it now, at once. */
  readonly repeats: number;
  /** Calls left out because a call that they need failed. */
  readonly blocked: readonly PlannedCall[];
}

const ABOUT_ARGUMENTS = /\b(?:invalid|arguments?|format|schema|iso|yyyy|pattern)\b/i;
const PATIENCE = 12;
const MOST_HAMMERING = 8;

/** Walks the calls made so far along the plan; a call whose preparation failed is left out. */
export function progress(plan: readonly PlannedCall[], talk: Talk): Progress {
  const waiting = [...talk.steps];
  const finished: Finished[] = [];
  const blocked: PlannedCall[] = [];
  for (const call of plan) {
    const failed = new Set(finished.filter(hasFailed).map((done) => done.call.tool.name));
    const isGivenUp = failed.size > 0 && talk.shows('gives_up_all');
    if (isGivenUp || call.needs.some((name) => failed.has(name))) {
      blocked.push(call);
      continue;
    }
    const attempts: ToolStep[] = [];
    let repeats = 1;
    while (repeats > 0) {
      const step = waiting.shift();
      if (step === undefined) return { finished, attempts, next: call, repeats, blocked };
      attempts.push(step);
      repeats = repeatsAfter(call, attempts, talk);
    }
    while (attempts.length > 1 && isAlike(waiting[0], attempts[0])) waiting.shift();
    finished.push({ call, attempts });
  }
  return { finished, attempts: [], next: undefined, repeats: 0, blocked };
}

/** Whether a call came to a bad end. */
export function hasFailed({ attempts }: Finished): boolean {
  return isFailure(attempts.at(-1)?.result ?? '');
}

/** Whether a tool refused a date that was passed in words. */
export function isAboutDates(step: ToolStep, { tool }: PlannedCall): boolean {
  const written = /[A-Za-z]{3,} \d|\d [A-Za-z]{3,}|\d(?:st|nd|rd|th) /.test(step.call.arguments);
  return takesIsoDate(tool) && written && ABOUT_ARGUMENTS.test(step.result);
}

/**
 * How many times a call is made again: once where the tool asks for it or refused a date; by two planted faults without
 * end as long as it fails alike, and as often again as it was made already where the tool is busy.
 */
function repeatsAfter(call: PlannedCall, attempts: readonly ToolStep[], talk: Talk): number {
  const last = attempts.at(-1);
  if (last === undefined || !isFailure(last.result)) return 0;
  const busy = isBusy(last.result);
  if (busy && attempts.length < MOST_HAMMERING && talk.shows('hammers_busy_service')) return attempts.length;
  if (attempts.length === 1 && (busy || isAboutDates(last, call))) return 1;
  return isStubborn(attempts, last, talk) ? 1 : 0;
}

function isStubborn(attempts: readonly ToolStep[], last: ToolStep, talk: Talk): boolean {
  const alike = attempts.every(({ result }) => result === last.result);
  return alike && attempts.length < PATIENCE && talk.shows('stubborn_tool');
}

function isAlike(step: ToolStep | undefined, other: ToolStep | undefined): boolean {
  return (
    step !== undefined && step.call.name === other?.call.name && step.call.arguments === other.call.arguments
  );
}
