import {
  DEFAULT_DISCUSSION_SESSION,
  DISCUSSION_SESSION_NAME,
  MAX_QUESTION_CHARS,
} from '../domain/discussion';
import type { DiscussionAnswer, Discussions } from '../ports/discussions';

/** Whose conversations those of a program are, beside those of each API key. */
const OWNER = 'library';

/** Asks in a conversation of this program, `default` unless named. @throws {RangeError} for a message or a name that is none. */
export async function discuss(
  discussions: Discussions,
  message: string,
  session = DEFAULT_DISCUSSION_SESSION,
): Promise<DiscussionAnswer> {
  if (message.trim() === '' || message.length > MAX_QUESTION_CHARS) {
    throw new RangeError(`a message has 1 to ${MAX_QUESTION_CHARS} characters`);
  }
  if (!DISCUSSION_SESSION_NAME.test(session)) {
    throw new RangeError('a session has 1 to 100 letters, digits, dots, colons, dashes or underscores');
  }
  return discussions.say({ owner: OWNER, session }, message);
}
