import { randomUUID } from 'node:crypto';
import { DISCUSSION_KEPT_DAYS, MAX_CONVERSATION_MESSAGES } from '../domain/discussion';
import type { ConversationKey, DiscussionMessage, DiscussionStore } from '../ports/discussions';
import type { PrismaClient } from './client';
import { member, storableText } from './columns';
import { searchDiscussed } from './discussion-search';

const ROLES = ['user', 'assistant'] as const;

export function createDiscussionStore(prisma: PrismaClient): DiscussionStore {
  return {
    async recent(key, limit) {
      const latest = await prisma.discussionMessage.findMany({
        where: { ...key },
        orderBy: { position: 'desc' },
        take: limit,
      });
      return latest
        .toReversed()
        .map(({ role, content, cites }) => ({ role: member(ROLES, role), content, cites }));
    },

    append: (key, messages) => appendMessages(prisma, key, messages),

    async reset(key) {
      await prisma.discussionMessage.deleteMany({ where: { ...key } });
    },

    search: (question, recalled) => searchDiscussed(prisma, question, recalled),
  };
}

/** One writer of a conversation at a time, so that positions follow each other. */
async function appendMessages(
  prisma: PrismaClient,
  key: ConversationKey,
  messages: readonly DiscussionMessage[],
): Promise<number> {
  return prisma.$transaction(async (tx) => {
    const name = JSON.stringify(['discussion', key.owner, key.session]);
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
    const { _max } = await tx.discussionMessage.aggregate({ where: { ...key }, _max: { position: true } });
    const first = (_max.position ?? -1) + 1;
    await tx.discussionMessage.createMany({
      data: messages.map(({ role, content, cites }, index) => ({
        id: randomUUID(),
        ...key,
        position: first + index,
        role,
        content: storableText(content),
        cites: [...cites],
      })),
    });
    const forgotten = first + messages.length - MAX_CONVERSATION_MESSAGES;
    await tx.discussionMessage.deleteMany({ where: { ...key, position: { lt: forgotten } } });
    await tx.$executeRaw`
      DELETE FROM discussion_messages
      WHERE owner = ${key.owner} AND created_at < now() - make_interval(days => ${DISCUSSION_KEPT_DAYS})`;
    return tx.discussionMessage.count({ where: { ...key } });
  });
}
