import { DISCUSSED_KINDS, referenceOf } from '../domain/discussion';
import type { DiscussedKind, DiscussedRecord, DiscussionMaterial } from '../domain/discussion';
import type { DiscussionQuestion } from '../domain/discussion-question';
import type { PrismaClient } from './client';
import { idsOf, matchingRecords, namedRecords } from './discussion-matches';
import type { DiscussedIds, IdRow } from './discussion-matches';
import { DISCUSSED_READERS } from './discussion-rows';

/** Records of a kind that go into one answer. */
const OF_A_KIND: Readonly<Record<DiscussedKind, number>> = {
  failure: 10,
  intervention: 12,
  simulation: 12,
  cycle: 5,
  approval: 8,
  budget: 4,
};

/**
 * Records for a question: those it names or refers back to, else those that its words match, and with them what belongs to
 * them, the worst open failures with what was tried, the latest cycles, what waits, and the budgets.
 */
export async function searchDiscussed(
  prisma: PrismaClient,
  question: DiscussionQuestion,
  recalled: readonly string[],
): Promise<DiscussionMaterial> {
  const meant = await meantBy(prisma, question, recalled);
  const ids = byKind((kind) => [...meant[kind]]);
  if (question.topics.includes('live')) ids.intervention.push(...(await liveInterventions(prisma)));
  await addFailures(prisma, ids);
  await addTried(prisma, ids);
  await addCurrent(prisma, ids);
  const records: DiscussedRecord[] = [];
  for (const kind of DISCUSSED_KINDS) {
    const wanted = firstOf(ids, kind);
    const found = new Map(
      (await DISCUSSED_READERS[kind](prisma, wanted)).map((record) => [record.id, record]),
    );
    records.push(...wanted.flatMap((id) => found.get(id) ?? []));
  }
  const references = DISCUSSED_KINDS.flatMap((kind) => meant[kind].map((id) => referenceOf({ kind, id })));
  return { records, meant: new Set(references), totals: await readTotals(prisma) };
}

async function meantBy(
  prisma: PrismaClient,
  question: DiscussionQuestion,
  recalled: readonly string[],
): Promise<DiscussedIds> {
  const named = byKind(() => []);
  for (const kind of DISCUSSED_KINDS) named[kind].push(...(await namedRecords(prisma, kind, question)));
  if (Object.values(named).some(({ length }) => length > 0)) return named;
  const again = byKind((kind) => recalled.flatMap((reference) => idOf(reference, kind)));
  if (question.refersBack && recalled.length > 0) return again;
  const matching = question.named.length > 0 ? {} : await matchingRecords(prisma, question);
  return byKind((kind) => matching[kind] ?? []);
}

function idOf(reference: string, kind: DiscussedKind): readonly string[] {
  return reference.startsWith(`${kind}:`) ? [reference.slice(kind.length + 1)] : [];
}

function byKind(ids: (kind: DiscussedKind) => string[]): DiscussedIds {
  return {
    failure: ids('failure'),
    intervention: ids('intervention'),
    simulation: ids('simulation'),
    cycle: ids('cycle'),
    approval: ids('approval'),
    budget: ids('budget'),
  };
}

function firstOf(ids: DiscussedIds, kind: DiscussedKind): readonly string[] {
  return [...new Set(ids[kind])].slice(0, OF_A_KIND[kind]);
}

async function liveInterventions(prisma: PrismaClient): Promise<readonly string[]> {
  const live = await prisma.$queryRaw<IdRow[]>`
    SELECT intervention_id AS id FROM deployments WHERE state IN ('live', 'kept')
    GROUP BY intervention_id ORDER BY max(created_at) DESC, intervention_id LIMIT ${OF_A_KIND.intervention}`;
  return idsOf(live);
}

/**
 * The failures behind what was found, then those of the cycles, then the worst of all. A signature counts by its latest
 * failure on the target: the earlier ones went over into it.
 */
async function addFailures(prisma: PrismaClient, ids: DiscussedIds): Promise<void> {
  const tried = await prisma.$queryRaw<{ readonly intervention: string; readonly failure: string }[]>`
    SELECT id AS intervention, failure_id AS failure FROM interventions
    WHERE id = ANY(${ids.intervention}::uuid[])
      OR id IN (SELECT intervention_id FROM simulations WHERE id = ANY(${ids.simulation}::uuid[]))
    ORDER BY id`;
  ids.intervention.push(...tried.map(({ intervention }) => intervention));
  ids.failure.push(...tried.map(({ failure }) => failure));
  const ofCycles = await prisma.$queryRaw<IdRow[]>`
    SELECT id FROM failures WHERE cycle_id = ANY(${ids.cycle}::uuid[])
    ORDER BY severity DESC, wilson_low DESC, id LIMIT ${OF_A_KIND.failure}`;
  const worst = await prisma.$queryRaw<IdRow[]>`
    WITH latest AS (
      SELECT DISTINCT ON (target, trigger_signature) id, state, severity, wilson_low FROM failures
      ORDER BY target, trigger_signature, created_at DESC, id DESC
    )
    SELECT id FROM latest ORDER BY (state = 'open') DESC, severity DESC, wilson_low DESC, id
    LIMIT ${OF_A_KIND.failure}`;
  ids.failure.push(...idsOf(ofCycles), ...idsOf(worst));
}

/** What was tried against the failures, each with its latest replay, one that ended before one that did not. */
async function addTried(prisma: PrismaClient, ids: DiscussedIds): Promise<void> {
  const failures = firstOf(ids, 'failure');
  const interventions = await prisma.$queryRaw<IdRow[]>`
    SELECT id FROM interventions WHERE failure_id = ANY(${failures}::uuid[])
    ORDER BY array_position(${failures}::uuid[], failure_id), ordinal`;
  ids.intervention.push(...idsOf(interventions));
  const replays = await prisma.$queryRaw<IdRow[]>`
    SELECT DISTINCT ON (intervention_id) id FROM simulations
    WHERE intervention_id = ANY(${firstOf(ids, 'intervention')}::uuid[])
    ORDER BY intervention_id, (result IS NULL), created_at DESC, id DESC`;
  ids.simulation.push(...idsOf(replays));
}

/** What is going on, and what it costs. */
async function addCurrent(prisma: PrismaClient, ids: DiscussedIds): Promise<void> {
  const cycles = await prisma.$queryRaw<IdRow[]>`
    SELECT id FROM research_cycles ORDER BY (state = 'running') DESC, created_at DESC, id LIMIT ${OF_A_KIND.cycle}`;
  const approvals = await prisma.$queryRaw<IdRow[]>`
    SELECT id FROM approvals WHERE state = 'pending'
    ORDER BY deadline_at NULLS LAST, created_at, id LIMIT ${OF_A_KIND.approval}`;
  const budgets = await prisma.$queryRaw<IdRow[]>`
    SELECT id FROM budgets WHERE scope = 'global' OR scope LIKE 'target:%'
    ORDER BY (scope = 'global') DESC, scope LIMIT ${OF_A_KIND.budget}`;
  ids.cycle.push(...idsOf(cycles));
  ids.approval.push(...idsOf(approvals));
  ids.budget.push(...idsOf(budgets));
}

async function readTotals(prisma: PrismaClient): Promise<DiscussionMaterial['totals']> {
  const [totals] = await prisma.$queryRaw<DiscussionMaterial['totals'][]>`
    WITH latest AS (
      SELECT DISTINCT ON (target, trigger_signature) state FROM failures
      ORDER BY target, trigger_signature, created_at DESC, id DESC
    )
    SELECT (SELECT count(*)::int FROM latest) AS failures,
      (SELECT count(*)::int FROM latest WHERE state = 'open') AS "openFailures",
      (SELECT count(*)::int FROM approvals WHERE state = 'pending') AS "pendingApprovals",
      (SELECT count(DISTINCT intervention_id)::int FROM deployments WHERE state IN ('live', 'kept')) AS "liveInterventions",
      (SELECT count(*)::int FROM research_cycles WHERE state = 'running') AS "runningCycles"`;
  if (totals === undefined) throw new Error('the database gave no totals');
  return totals;
}
