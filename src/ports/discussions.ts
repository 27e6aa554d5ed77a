import type { DiscussionMaterial, RecordedAttempt, SupportedSentence } from '../domain/discussion';
import type { DiscussionQuestion } from '../domain/discussion-question';

/** Whose conversation, and which of theirs. */
export interface ConversationKey {
  /** The owner of the API key, or `anonymous`. */
  readonly owner: string;
  readonly session: string;
}

export interface DiscussionMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** References that an answer cites. */
  readonly cites: readonly string[];
}

/** Conversations, and what in the database a question may be about. */
export interface DiscussionStore {
  /** The last messages of a conversation, the latest last. */
  recent(key: ConversationKey, limit: number): Promise<readonly DiscussionMessage[]>;
  /** Adds messages; forgets the oldest beyond the limit of a conversation and all of its owner that are too old. @returns its length then. */
  append(key: ConversationKey, messages: readonly DiscussionMessage[]): Promise<number>;
  /** Forgets a conversation; one that there is not is forgotten already. */
  reset(key: ConversationKey): Promise<void>;
  /** Records for a question; `recalled` are references that the answer before cited. */
  search(question: DiscussionQuestion, recalled: readonly string[]): Promise<DiscussionMaterial>;
}

/** A record as an answer cites it. */
export interface Citation {
  /** As `kind:id`. */
  readonly record: string;
  /** What the system itself knows of it, in one line. */
  readonly facts: string;
}

export interface DiscussionAnswer {
  readonly session: string;
  /** The whole text: what Tinman says itself, then each sentence with its citations in brackets. */
  readonly response: string;
  /** What it says itself: counts, and what there is not. */
  readonly notices: readonly string[];
  readonly sentences: readonly SupportedSentence[];
  readonly citations: readonly Citation[];
  /** Messages of the conversation, this question and answer included. */
  readonly conversationLength: number;
  /** `offline`, or provider and model. */
  readonly researcher: string;
  /** Statements that no record supports and that were left out. */
  readonly unsupported: number;
  /** Passages of the records that were read which try to steer their reader. */
  readonly injectionAttempts: readonly RecordedAttempt[];
}

/** Conversations about what was found. */
export interface Discussions {
  /**
   * Answers from the database; with a model, paid from the global budget.
   * @throws {DomainError} `budget_exceeded`, `unpriced_model`, `model_unavailable`.
   */
  say(key: ConversationKey, message: string): Promise<DiscussionAnswer>;
  reset(key: ConversationKey): Promise<void>;
}
