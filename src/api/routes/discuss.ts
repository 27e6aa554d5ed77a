import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  DEFAULT_DISCUSSION_SESSION,
  DISCUSSION_SESSION_NAME,
  MAX_QUESTION_CHARS,
} from '../../domain/discussion';
import { DomainError } from '../../domain/errors';
import { INJECTION_KINDS } from '../../domain/injection-attempts';
import type { DiscussionAnswer } from '../../ports/discussions';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';
import { text } from '../schemas';

const session = z
  .string()
  .regex(DISCUSSION_SESSION_NAME, 'must be 1 to 100 letters, digits, dots, colons, dashes or underscores')
  .optional()
  .describe(
    `Which of your conversations; \`${DEFAULT_DISCUSSION_SESSION}\` without it. One that is new begins.`,
  );

const Question = z
  .strictObject({
    message: text(MAX_QUESTION_CHARS).refine((message) => message.trim() !== '', 'must not be empty'),
    session_id: session,
  })
  .meta({ id: 'DiscussionQuestion' });

const Answer = z
  .object({
    response: z
      .string()
      .describe('One sentence a line, each with its citations in brackets: `[failure:<id>]`.'),
    conversation_length: z.int().describe('Messages of the conversation, these two included.'),
    citations: z.array(
      z.object({
        record: z.string().describe('`kind:id`, as the response cites it.'),
        facts: z.string().describe('What Tinman itself knows of the record.'),
      }),
    ),
    session_id: z.string(),
    researcher: z.string().describe('`offline`: rules answered; else the model.'),
    unsupported_removed: z.int().describe('Sentences that no record supports, and that were left out.'),
    injection_attempts: z
      .array(z.object({ record: z.string(), kind: z.enum(INJECTION_KINDS), quote: z.string() }))
      .describe('Passages of the records that were read which try to steer their reader.'),
  })
  .meta({ id: 'DiscussionAnswer' });

const Reset = z
  .object({ session_id: z.string(), conversation_length: z.literal(0) })
  .meta({ id: 'DiscussionReset' });

/** `POST /discuss` and `POST /discuss/reset`. */
export function discussRoutes({
  discussions,
  health,
}: Pick<ApiDeps, 'discussions' | 'health'>): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/discuss',
      tag: 'discussion',
      summary: 'Answers a question about what was found, from the database and with citations.',
      access: 'operator',
      headers: z.looseObject({ accept: z.string().optional() }),
      body: Question,
      responses: {
        200: {
          description:
            'The answer. With `Accept: text/event-stream` as events: `sentence` for each that was checked, then `answer`.',
          schema: Answer,
        },
      },
      problems: {
        402: 'The global budget has no room for the model.',
        502: 'The model did not answer: `model_unavailable`.',
      },
      handler: async ({ body, headers, principal }) => {
        if (health.draining()) throw new DomainError('not_ready', 'the server is shutting down');
        const key = { owner: principal.name, session: body.session_id ?? DEFAULT_DISCUSSION_SESSION };
        const answer = await discussions.say(key, body.message);
        if (headers.accept?.includes('text/event-stream') !== true)
          return { status: 200, body: present(answer) };
        return {
          status: 200,
          headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
          body: Readable.from(eventsOf(answer)),
        };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/discuss/reset',
      tag: 'discussion',
      summary: 'Forgets a conversation.',
      access: 'operator',
      body: z.strictObject({ session_id: session }).meta({ id: 'DiscussionToForget' }),
      responses: { 200: { description: 'It is forgotten.', schema: Reset } },
      handler: async ({ body, principal }) => {
        const name = body.session_id ?? DEFAULT_DISCUSSION_SESSION;
        await discussions.reset({ owner: principal.name, session: name });
        return { status: 200, body: { session_id: name, conversation_length: 0 } };
      },
    }),
  ];
}

function present(answer: DiscussionAnswer): z.input<typeof Answer> {
  return {
    response: answer.response,
    conversation_length: answer.conversationLength,
    citations: [...answer.citations],
    session_id: answer.session,
    researcher: answer.researcher,
    unsupported_removed: answer.unsupported,
    injection_attempts: [...answer.injectionAttempts],
  };
}

/** Everything was checked before the first of them is sent. */
function* eventsOf(answer: DiscussionAnswer): Generator<string> {
  for (const notice of answer.notices) yield event('sentence', { text: notice, citations: [] });
  for (const { text: said, cites } of answer.sentences)
    yield event('sentence', { text: said, citations: cites });
  yield event('answer', present(answer));
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
