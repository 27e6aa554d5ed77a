import { referenceOf } from '../domain/discussion';
import type { DiscussedFailure, DiscussedRecord, DiscussionMaterial } from '../domain/discussion';
import { quotable } from '../domain/discussion-claims';
import { factsOf, rateText, usdText } from '../domain/discussion-facts';
import type { TopicRule } from './offline-discussion-rule';
import { excerpt } from './prompts/fence';

const SHOWN = 8;
const MAX_QUOTE_CHARS = 300;

/** A passage of a record between quotation marks, its beginning where it is long. */
export function quoted(text: string): string {
  const plain = quotable(text);
  const cut = plain.length <= MAX_QUOTE_CHARS ? plain : `${plain.slice(0, MAX_QUOTE_CHARS)}…`;
  return `“${excerpt(cut, MAX_QUOTE_CHARS + 1)}”`;
}

/** The failures that a question is about: those it means, else those that are open, else any. */
export function failuresOf(
  { records }: DiscussionMaterial,
  subjects: readonly DiscussedRecord[],
): readonly DiscussedFailure[] {
  const isFailure = (record: DiscussedRecord): record is DiscussedFailure => record.kind === 'failure';
  const parents = new Set(subjects.flatMap((record) => ('failureId' in record ? [record.failureId] : [])));
  const cycles = new Set(subjects.flatMap((record) => (record.kind === 'cycle' ? [record.id] : [])));
  const meant = records
    .filter(isFailure)
    .filter(
      (failure) => subjects.includes(failure) || parents.has(failure.id) || cycles.has(failure.cycleId),
    );
  if (meant.length > 0) return meant.slice(0, SHOWN);
  const all = records.filter(isFailure);
  const open = all.filter(({ state }) => state === 'open');
  return (open.length > 0 ? open : all).slice(0, SHOWN);
}

export const NO_FAILURES = 'No failure is on record.';

export const failureClaims: TopicRule = (material, subjects) => {
  const { failures, openFailures } = material.totals;
  const shown = failuresOf(material, subjects);
  if (shown.length === 0) return { notices: [NO_FAILURES], claims: [] };
  const worst = shown.length < openFailures ? `; the ${shown.length} that fit best:` : '.';
  return {
    notices: [`${openFailures} of ${failures} failures on record are open${worst}`],
    claims: shown.map((failure) => ({
      text: `${inShort(failure)}, ${failure.state}, ${failure.novelty}: ${rateText(failure)}, when ${quoted(failure.trigger)}.`,
      cites: [referenceOf(failure)],
    })),
  };
};

export const severityClaims: TopicRule = (material, subjects) => {
  const shown = failuresOf(material, subjects).toSorted((a, b) => b.severity.localeCompare(a.severity, 'en'));
  if (shown.length === 0) return { notices: [NO_FAILURES], claims: [] };
  return {
    notices: [],
    claims: shown.map((failure) => ({
      text:
        `${inShort(failure)}, ${failure.state}: ${rateText(failure)}; its severity because ${quoted(failure.severityReason)}` +
        `, its impact because ${quoted(failure.impactReason)}.`,
      cites: [referenceOf(failure)],
    })),
  };
};

export const causeClaims: TopicRule = (material, subjects) => {
  const shown = failuresOf(material, subjects);
  if (shown.length === 0) return { notices: [NO_FAILURES], claims: [] };
  return {
    notices: [],
    claims: shown.flatMap((failure) => {
      const cites = [referenceOf(failure)];
      const [evidence] = failure.quotes;
      const cause = {
        text: `The recorded cause of ${inShort(failure)} is ${quoted(failure.rootCause)}.`,
        cites,
      };
      if (evidence === undefined || evidence.trim() === '') return [cause];
      return [cause, { text: `Evidence of it, from a run: ${quoted(evidence)}.`, cites }];
    }),
  };
};

export const costClaims: TopicRule = ({ records }, subjects) => {
  const meant = subjects.flatMap((record) => (record.kind === 'cycle' ? [record] : []));
  const cycles = records.flatMap((record) => (record.kind === 'cycle' ? [record] : []));
  const budgets = records.filter(({ kind }) => kind === 'budget');
  const shown = (meant.length > 0 ? meant : cycles).slice(0, SHOWN);
  if (shown.length === 0 && budgets.length === 0) return { notices: ['Nothing was spent yet.'], claims: [] };
  const ofBudgets = budgets.map((budget) => ({
    text: sentence(factsOf(budget)),
    cites: [referenceOf(budget)],
  }));
  const ofCycles = shown.map((cycle) => ({
    text: `The research cycle on ${cycle.target}, ${cycle.state}, spent ${usdText(cycle.spentMicroUsd)} and found ${cycle.failures} failures.`,
    cites: [referenceOf(cycle)],
  }));
  const cyclesAlone = meant.length > 0 && !subjects.some(({ kind }) => kind === 'budget');
  return { notices: [], claims: cyclesAlone ? ofCycles : [...ofBudgets, ...ofCycles] };
};

/** Facts as a sentence. */
export function sentence(facts: string): string {
  return `${facts.charAt(0).toUpperCase()}${facts.slice(1)}.`;
}

/** `S3 tool_hallucination on demo`. */
export function inShort({ severity, failureType, target }: DiscussedFailure): string {
  return `${severity} ${failureType} on ${target}`;
}
