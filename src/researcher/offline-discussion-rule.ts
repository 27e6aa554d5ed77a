import type { Claim, DiscussedRecord, DiscussionMaterial } from '../domain/discussion';

/** What rules say to a question: counts and what is not there in `notices`, all else in statements to be checked. */
export interface RuledAnswer {
  readonly notices: readonly string[];
  readonly claims: readonly Claim[];
}

/** A rule for one topic. */
export type TopicRule = (material: DiscussionMaterial, subjects: readonly DiscussedRecord[]) => RuledAnswer;
