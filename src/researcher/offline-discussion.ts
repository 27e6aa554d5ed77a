import type { DiscussionMaterial } from '../domain/discussion';
import { referenceOf } from '../domain/discussion';
import type { DiscussionQuestion, DiscussionTopic } from '../domain/discussion-question';
import { causeClaims, costClaims, failureClaims, severityClaims } from './offline-discussion-failures';
import type { RuledAnswer, TopicRule } from './offline-discussion-rule';
import { liveClaims, statusClaims, triedClaims, waitingClaims } from './offline-discussion-work';

const RULES: Readonly<Record<DiscussionTopic, TopicRule>> = {
  waiting: waitingClaims,
  cost: costClaims,
  live: liveClaims,
  tried: triedClaims,
  cause: causeClaims,
  severity: severityClaims,
  status: statusClaims,
  failures: failureClaims,
};

const ABILITIES =
  'I answer from the database by rules, without a model. Ask: what failed · how bad is it · why · what was tried · ' +
  'what is live · what does it cost · what waits for me · the status of a record (by its id), a target or a failure type.';

const OF_ALL_TIME = 'Rules do not read times: this is about all that is on record.';

/** Answers from the records that were found, without a model. */
export function discussByRule(question: DiscussionQuestion, material: DiscussionMaterial): RuledAnswer {
  const { topics } = question;
  if (topics.length === 0 && material.meant.size === 0) return { notices: [ABILITIES], claims: [] };
  const subjects = material.records.filter((record) => material.meant.has(referenceOf(record)));
  const asked: readonly DiscussionTopic[] = topics.length === 0 ? ['status'] : topics;
  const answers = asked.map((topic) => RULES[topic](material, subjects));
  return {
    notices: [
      ...missing(question, material),
      ...(question.mentionsTime ? [OF_ALL_TIME] : []),
      ...answers.flatMap(({ notices }) => notices),
    ],
    claims: answers.flatMap(({ claims }) => claims),
  };
}

/** What the question names and nothing on record answers to. */
function missing(
  { named, terms }: DiscussionQuestion,
  { records, meant }: DiscussionMaterial,
): readonly string[] {
  const unknown = named.filter(({ idPrefix }) => !records.some(({ id }) => id.startsWith(idPrefix)));
  if (unknown.length > 0)
    return [`No record has the id ${unknown.map(({ idPrefix }) => idPrefix).join(', ')}.`];
  if (terms.length === 0 || meant.size > 0) return [];
  return [`Nothing on record matches ${terms.join(', ')}; this is what there is in general.`];
}
