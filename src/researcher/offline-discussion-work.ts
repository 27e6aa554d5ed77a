import { referenceOf } from '../domain/discussion';
import type {
  Claim,
  DiscussedFailure,
  DiscussedIntervention,
  DiscussedRecord,
  DiscussedSimulation,
  DiscussionMaterial,
} from '../domain/discussion';
import { comparisonText, factsOf, wordsOf } from '../domain/discussion-facts';
import { failuresOf, inShort, NO_FAILURES, quoted, sentence } from './offline-discussion-failures';
import type { TopicRule } from './offline-discussion-rule';

const SHOWN = 8;

/** What was tried against each failure, with what its replay showed. */
export const triedClaims: TopicRule = (material, subjects) => {
  const failures = failuresOf(material, subjects);
  if (failures.length === 0) return { notices: [NO_FAILURES], claims: [] };
  return { notices: [], claims: failures.flatMap((failure) => triedAgainst(failure, material)) };
};

function triedAgainst(failure: DiscussedFailure, { records }: DiscussionMaterial): readonly Claim[] {
  const tried = records.flatMap((record) =>
    record.kind === 'intervention' && record.failureId === failure.id ? [record] : [],
  );
  if (tried.length === 0) {
    return [
      { text: `Nothing on record was tried against ${inShort(failure)}.`, cites: [referenceOf(failure)] },
    ];
  }
  return tried.map((intervention) => triedClaim(failure, intervention, replayOf(intervention, records)));
}

function replayOf(
  { id }: DiscussedIntervention,
  records: readonly DiscussedRecord[],
): DiscussedSimulation | undefined {
  const replays = records.flatMap((record) =>
    record.kind === 'simulation' && record.interventionId === id ? [record] : [],
  );
  return replays.find(({ result }) => result !== null) ?? replays[0];
}

function triedClaim(
  failure: DiscussedFailure,
  intervention: DiscussedIntervention,
  replay: DiscussedSimulation | undefined,
): Claim {
  const cites = [failure, intervention, ...(replay === undefined ? [] : [replay])].map(referenceOf);
  const { type, name, liveOn } = intervention;
  const live = liveOn.length === 0 ? 'not live' : `live on ${liveOn.join(' and ')}`;
  const shown =
    replay === undefined || replay.result === null
      ? `its replay has no verdict`
      : `its replay says ${replay.result.verdict}: ${comparisonText('failing', replay.result.failing)}; ` +
        comparisonText('passing control', replay.result.controls);
  return { text: `Against ${inShort(failure)}, ${type} ${quoted(name)}, ${live}: ${shown}.`, cites };
}

/** What applications have in force. */
export const liveClaims: TopicRule = ({ records, totals }, subjects) => {
  if (totals.liveInterventions === 0) return { notices: ['No intervention is live.'], claims: [] };
  const live = records.flatMap((record) =>
    record.kind === 'intervention' && record.liveOn.length > 0 ? [record] : [],
  );
  const meant = live.filter(
    (one) => subjects.includes(one) || subjects.some(({ id }) => id === one.failureId),
  );
  const are = totals.liveInterventions === 1 ? 'intervention is' : 'interventions are';
  return {
    notices: [`${totals.liveInterventions} ${are} live.`],
    claims: (meant.length > 0 ? meant : live).slice(0, SHOWN).map((one) => {
      const failure = records.find(({ id }) => id === one.failureId);
      const against = failure?.kind === 'failure' ? ` against ${inShort(failure)}` : '';
      return {
        text: `The ${one.type} ${quoted(one.name)}${against} is live on ${one.liveOn.join(' and ')}.`,
        cites: [one, ...(failure === undefined ? [] : [failure])].map(referenceOf),
      };
    }),
  };
};

/** What waits for a person. */
export const waitingClaims: TopicRule = ({ records, totals }) => {
  const pending = records.flatMap((record) =>
    record.kind === 'approval' && record.state === 'pending' ? [record] : [],
  );
  if (totals.pendingApprovals === 0) return { notices: ['Nothing waits for a decision.'], claims: [] };
  const things = totals.pendingApprovals === 1 ? 'thing waits' : 'things wait';
  return {
    notices: [`${totals.pendingApprovals} ${things} for a decision.`],
    claims: pending.slice(0, SHOWN).map((approval) => ({
      text: `${sentence(factsOf(approval)).replace(/\.$/, '')}: ${quoted(approval.description)}.`,
      cites: [referenceOf(approval)],
    })),
  };
};

/** How the meant records stand; else the latest cycles. */
export const statusClaims: TopicRule = (material, subjects) => {
  if (subjects.length > 0) return { notices: [], claims: subjects.slice(0, SHOWN).map(statusOf) };
  const { openFailures, pendingApprovals, runningCycles } = material.totals;
  const cycles = material.records.filter(({ kind }) => kind === 'cycle');
  const now = `Now: ${runningCycles} running cycles, ${openFailures} open failures, ${pendingApprovals} pending approvals.`;
  return { notices: [now], claims: cycles.slice(0, SHOWN).map(statusOf) };
};

function statusOf(record: DiscussedRecord): Claim {
  const [words] = Object.values(wordsOf(record)).filter((each) => each.trim() !== '');
  const said = words === undefined ? '' : `: ${quoted(words)}`;
  return { text: `${sentence(factsOf(record)).replace(/\.$/, '')}${said}.`, cites: [referenceOf(record)] };
}
