import { Prisma } from './generated/client';
import { approvalDetails } from './approval-details';
import { presentRow, type RawRow } from './record-presentation';
import { readAll } from './record-reader';
import type { ApiRecord, Resource } from '../ports/records';
import type { PrismaClient } from './client';

/** What one record shows beyond what a list shows of it, by the record's id. */
export const RECORD_DETAILS: Readonly<
  Partial<Record<Resource, (prisma: PrismaClient, id: string) => Promise<ApiRecord>>>
> = {
  experiments: experimentDetails,
  failures: failureDetails,
  interventions: interventionDetails,
  deployments: deploymentDetails,
  simulations: simulationDetails,
  approvals: approvalDetails,
};

/** Of a run of an experiment and of a lane of a replay. */
const RUN = Prisma.sql`r.id, r.case_index, r.seed, r.outcome, r.reason, r.detail, r.evidence, r.judged_by, r.judgement,
  coalesce(r.injection_attempts, '[]'::jsonb) AS injection_attempts, r.input_tokens,
  r.output_tokens, r.cost_micro_usd, r.latency_ms, r.started_at, r.ended_at`;

/** The design, and every run with its transcript. */
async function experimentDetails(prisma: PrismaClient, id: string): Promise<ApiRecord> {
  const [experiments, runs] = await Promise.all([
    prisma.$queryRaw<RawRow[]>`SELECT design FROM experiments WHERE id = ${id}::uuid`,
    prisma.$queryRaw<RawRow[]>`
      SELECT ${RUN}, r.ordinal, r.transcript FROM experiment_runs r
      WHERE r.experiment_id = ${id}::uuid ORDER BY r.ordinal`,
  ]);
  return { ...presentRow(experiments[0] ?? {}), runs: runs.map(presentRow) };
}

/**
 * The runs that showed it (their transcripts are with the experiment), what following it up found, and what was designed
 * against it.
 */
async function failureDetails(prisma: PrismaClient, id: string): Promise<ApiRecord> {
  const [followUp, runs, interventions] = await Promise.all([
    followUpDetails(prisma, id),
    prisma.$queryRaw<RawRow[]>`
      SELECT ${RUN}, r.experiment_id, r.ordinal FROM failure_runs fr JOIN experiment_runs r ON r.id = fr.run_id
      WHERE fr.failure_id = ${id}::uuid ORDER BY r.experiment_id, r.ordinal`,
    readAll(prisma, 'interventions', { failure_id: id }),
  ]);
  return { ...followUp, runs: runs.map(presentRow), interventions };
}

/** Nothing for a failure that has none. */
async function followUpDetails(prisma: PrismaClient, failureId: string): Promise<ApiRecord> {
  const [row] = await prisma.$queryRaw<(RawRow & { readonly id: string })[]>`
    SELECT u.id, u.state, u.skip_reason, u.detail, u.calls_permitted, u.estimated_cost_micro_usd, u.result,
           u.created_at, u.ended_at
    FROM follow_ups u WHERE u.failure_id = ${failureId}::uuid`;
  if (row === undefined) return {};
  const runs = await prisma.$queryRaw<RawRow[]>`
    SELECT ${RUN}, r.ordinal, r.step, r.change, r.transcript FROM follow_up_runs r
    WHERE r.follow_up_id = ${row.id}::uuid ORDER BY r.ordinal`;
  const { result, ...followUp } = row;
  const { summary = null, ...report } = presentRow({ ...(result ?? {}) });
  return { follow_up: { ...presentRow(followUp), summary, ...report, runs: runs.map(presentRow) } };
}

async function interventionDetails(prisma: PrismaClient, id: string): Promise<ApiRecord> {
  const [simulations, deployments] = await Promise.all([
    readAll(prisma, 'simulations', { intervention_id: id }),
    readAll(prisma, 'deployments', { intervention_id: id }),
  ]);
  return { simulations, deployments };
}

/** The canary pairs with both lanes (null until played), in the order in which they are played. */
async function deploymentDetails(prisma: PrismaClient, id: string): Promise<ApiRecord> {
  const lanes = await prisma.$queryRaw<CanaryLane[]>`
    SELECT ${RUN}, r.transcript, r.control, r.pair, r.lane FROM canary_runs r
    WHERE r.deployment_id = ${id}::uuid ORDER BY r.pair, r.control, r.lane`;
  const pairs = new Map<string, ApiRecord>();
  for (const { control, pair, lane, ...run } of lanes) {
    const key = `${control} ${pair}`;
    const begun = pairs.get(key) ?? { control, pair, baseline: null, candidate: null };
    pairs.set(key, { ...begun, [lane]: presentRow(run) });
  }
  return { canaries: [...pairs.values()] };
}

/** The pairs with their three lanes: observed (null for a control), baseline and candidate (null until replayed). */
async function simulationDetails(prisma: PrismaClient, id: string): Promise<ApiRecord> {
  const [lanes, observed] = await Promise.all([
    prisma.$queryRaw<Lane[]>`
      SELECT ${RUN}, r.transcript, r.control, r.pair, r.lane, r.source_run_id FROM replay_runs r
      WHERE r.simulation_id = ${id}::uuid ORDER BY r.control, r.pair, r.lane`,
    prisma.$queryRaw<(RawRow & { readonly id: string })[]>`
      SELECT ${RUN}, r.experiment_id, r.ordinal, r.transcript FROM experiment_runs r
      WHERE r.id IN (SELECT source_run_id FROM replay_runs WHERE simulation_id = ${id}::uuid)`,
  ]);
  const observedById = new Map(observed.map((run) => [run.id, presentRow(run)]));
  const pairs = new Map<string, ApiRecord>();
  for (const { control, pair, lane, source_run_id, ...run } of lanes) {
    const key = `${control} ${pair}`;
    const begun = pairs.get(key) ?? {
      control,
      pair,
      observed: observedById.get(source_run_id ?? '') ?? null,
      baseline: null,
      candidate: null,
    };
    pairs.set(key, { ...begun, [lane]: presentRow(run) });
  }
  return { pairs: [...pairs.values()] };
}

interface CanaryLane extends RawRow {
  readonly control: boolean;
  readonly pair: number;
  readonly lane: string;
}

interface Lane extends CanaryLane {
  readonly source_run_id: string | null;
}
