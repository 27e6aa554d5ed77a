import type { DiscussedKind } from '../domain/discussion';
import type { DiscussionQuestion } from '../domain/discussion-question';
import type { PrismaClient } from './client';
import { Prisma } from './generated/client';

/** Ids by kind, what fits best first; the same may occur twice. */
export type DiscussedIds = Readonly<Record<DiscussedKind, string[]>>;

export interface IdRow {
  readonly id: string;
}

/** Records of a kind that a question may mean. */
const MATCHES = 10;
/** The latest so many that match are ranked. */
const RANKED = 500;

/** As the index `failures_words_idx` has it. */
const FAILURE_WORDS = Prisma.sql`to_tsvector('english', left(
  failure_type || ' ' || failure_class || ' ' || target || ' ' || trigger || ' ' || description || ' ' || root_cause, 20000))`;
/** As the index `interventions_words_idx` has it. */
const INTERVENTION_WORDS = Prisma.sql`to_tsvector('english', left(type || ' ' || name || ' ' || description, 20000))`;

const TABLES: Readonly<Record<DiscussedKind, Prisma.Sql>> = {
  failure: Prisma.sql`failures`,
  intervention: Prisma.sql`interventions`,
  simulation: Prisma.sql`simulations`,
  cycle: Prisma.sql`research_cycles`,
  approval: Prisma.sql`approvals`,
  budget: Prisma.sql`budgets`,
};

export function idsOf(rows: readonly IdRow[]): readonly string[] {
  return rows.map(({ id }) => id);
}

/** Records of a kind whose ids the question names, whole or by their beginning: a range of the primary key. */
export async function namedRecords(
  prisma: PrismaClient,
  kind: DiscussedKind,
  { named }: DiscussionQuestion,
): Promise<readonly string[]> {
  const ranges = named.flatMap((name) =>
    (name.kind ?? kind) === kind ? (rangeOf(name.idPrefix) ?? []) : [],
  );
  if (ranges.length === 0) return [];
  const within = ranges.map(({ low, high }) => Prisma.sql`id BETWEEN ${low}::uuid AND ${high}::uuid`);
  return idsOf(
    await prisma.$queryRaw`
      SELECT id FROM ${TABLES[kind]} WHERE ${Prisma.join(within, ' OR ')} ORDER BY id LIMIT ${MATCHES}`,
  );
}

function rangeOf(prefix: string): { readonly low: string; readonly high: string } | undefined {
  const digits = prefix.replaceAll('-', '');
  if (!/^[0-9a-f]{8,32}$/.test(digits)) return undefined;
  return { low: digits.padEnd(32, '0'), high: digits.padEnd(32, 'f') };
}

/** Records that any of the words of the question occurs in, stemmed as in English. */
export async function matchingRecords(
  prisma: PrismaClient,
  { terms }: DiscussionQuestion,
): Promise<Partial<DiscussedIds>> {
  if (terms.length === 0) return {};
  const words = Prisma.sql`to_tsquery('english', ${terms.join(' | ')})`;
  const parts = terms.map((term) => `%${term}%`);
  const failures = prisma.$queryRaw<IdRow[]>`
    SELECT id FROM (
      SELECT id, severity, created_at, ${FAILURE_WORDS} AS words FROM failures
      WHERE ${FAILURE_WORDS} @@ ${words} ORDER BY created_at DESC LIMIT ${RANKED}
    ) matched
    ORDER BY ts_rank(words, ${words}) DESC, severity DESC, created_at DESC, id LIMIT ${MATCHES}`;
  const interventions = prisma.$queryRaw<IdRow[]>`
    SELECT id FROM interventions WHERE ${INTERVENTION_WORDS} @@ ${words}
    ORDER BY created_at DESC, id LIMIT ${MATCHES}`;
  const cycles = prisma.$queryRaw<IdRow[]>`
    SELECT id FROM research_cycles WHERE concat(target, ' ', focus) ILIKE ANY(${parts})
    ORDER BY created_at DESC, id LIMIT ${MATCHES}`;
  const approvals = prisma.$queryRaw<IdRow[]>`
    SELECT id FROM approvals
    WHERE state = 'pending' AND concat(action_type, ' ', action_description) ILIKE ANY(${parts})
    ORDER BY created_at, id LIMIT ${MATCHES}`;
  return {
    failure: [...idsOf(await failures)],
    intervention: [...idsOf(await interventions)],
    cycle: [...idsOf(await cycles)],
    approval: [...idsOf(await approvals)],
  };
}
