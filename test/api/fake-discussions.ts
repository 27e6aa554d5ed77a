import type { ConversationKey, DiscussionAnswer, Discussions } from '../../src/ports/discussions';

export const CITED = 'failure:1b9d6bcd-bbfd-4b2d-9b5d-ab8dfb3bd8ca';

/** An answer with a notice and one sentence. */
function discussionAnswer({ session, owner }: ConversationKey, message: string): DiscussionAnswer {
  const text = 'S2 logic_error on demo, open.';
  return {
    session,
    response: `${owner} asks: ${message}\n${text} [${CITED}]`,
    notices: [`${owner} asks: ${message}`],
    sentences: [{ text, cites: [CITED] }],
    citations: [{ record: CITED, facts: 'S2 logic_error (class reasoning) on demo, open' }],
    conversationLength: 2,
    researcher: 'offline',
    unsupported: 0,
    injectionAttempts: [],
  };
}

/** Tells whose conversation was asked what. */
export const fakeDiscussions: Discussions = {
  say: (key, message) => Promise.resolve(discussionAnswer(key, message)),
  reset: () => Promise.resolve(),
};
