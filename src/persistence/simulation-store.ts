import { DomainError } from '../domain/errors';
import { REPLAY_LANES } from '../domain/simulation';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, money, storableJson, storableText } from './columns';
import { advancePhase } from './cycle-phase';
import { insertMissingWithBills } from './insert-rows';
import { INTERVENTIONS_IN_ORDER } from './intervention-store';
import { RUN_COLUMNS, runRow, toRunFigures } from './recorded-run';
import type { ReplaySize } from '../domain/replay-size';
import type { SimulationResult } from '../domain/simulation';
import type { AuditEvent } from '../ports/audit';
import type { RecordedReplay, SimulationStore, StoredSimulation } from '../ports/stores';
import type { PrismaClient } from './client';
import type { ReplayRun, Simulation } from './generated/client';

const REPLAYS = {
  table: 'replay_runs',
  columns: {
    ...RUN_COLUMNS,
    simulation_id: 'uuid',
    control: 'boolean',
    pair: 'integer',
    lane: 'text',
    source_run_id: 'uuid',
  },
} as const;

const SIMULATION_STATES = ['planned', 'running', 'done', 'skipped', 'failed'] as const;

export function createSimulationStore(prisma: PrismaClient): SimulationStore {
  return {
    async list(cycleId) {
      const orderBy = INTERVENTIONS_IN_ORDER.map((intervention) => ({ intervention }));
      const where = { intervention: { failure: { cycleId } } };
      return (await prisma.simulation.findMany({ where, orderBy })).map(toSimulation);
    },

    async begin(cycleId, interventionId) {
      const begun = await beginFirst(prisma, cycleId, interventionId);
      if (begun !== undefined) return { simulation: begun, recorded: [] };
      const row = await prisma.simulation.findUnique({
        where: { cycleId_interventionId: { cycleId, interventionId } },
        include: { replays: { orderBy: [{ control: 'asc' }, { pair: 'asc' }, { lane: 'asc' }] } },
      });
      if (row === null) {
        throw new DomainError('not_found', `there is no simulation of ${interventionId} in ${cycleId}`);
      }
      return { simulation: toSimulation(row), recorded: row.replays.map(toReplay) };
    },

    async recordReplays(simulationId, replays, settlements) {
      const rows = replays.map((replay) => ({
        ...runRow(replay),
        simulation_id: simulationId,
        control: replay.control,
        pair: replay.pair,
        lane: replay.lane,
        source_run_id: replay.sourceRunId,
      }));
      await insertMissingWithBills(prisma, REPLAYS, rows, settlements);
    },

    finish: (simulationId, result) => finish(prisma, simulationId, result),
    skip: (simulationId, reason, detail) => skip(prisma, simulationId, reason, detail),
  };
}

/** The simulation when this call began it: it then has no replays yet. Undefined when it had begun or ended before. */
async function beginFirst(
  prisma: PrismaClient,
  cycleId: string,
  interventionId: string,
): Promise<StoredSimulation | undefined> {
  return prisma.$transaction(async (tx) => {
    await advancePhase(tx, { id: cycleId }, 'simulation');
    const [row] = await tx.simulation.updateManyAndReturn({
      where: { cycleId, interventionId, state: 'planned' },
      data: { state: 'running' },
    });
    if (row === undefined) return undefined;
    await appendInTransaction(tx, [
      simulationEvent('simulation_started', row.id, { cycle_id: cycleId, intervention_id: interventionId }),
    ]);
    return toSimulation(row);
  });
}

/** Keeps the result of a running simulation; where it has ended, the end stands. */
async function finish(prisma: PrismaClient, simulationId: string, result: SimulationResult): Promise<void> {
  await prisma.$transaction(async (tx) => {
    const finished = await tx.$executeRaw`
      UPDATE simulations
      SET state = 'done', verdict = ${result.verdict}, reason = ${storableText(result.reason)},
          result = ${storableJson(result)}::jsonb, ended_at = now()
      WHERE id = ${simulationId}::uuid AND state = 'running'`;
    if (finished === 0) return;
    const { verdict, failing } = result;
    const details = { verdict, pairs: failing.pairs, p_value: failing.pValue, effect: failing.effect };
    await appendInTransaction(tx, [simulationEvent('simulation_finished', simulationId, details)]);
  });
}

/** Ends a simulation without a result, unless it has ended: `failed` when it broke, `skipped` when it was not to run. */
async function skip(
  prisma: PrismaClient,
  simulationId: string,
  reason: string,
  detail: string,
): Promise<void> {
  const state = reason === 'failed' ? 'failed' : 'skipped';
  const storedDetail = storableText(detail);
  await prisma.$transaction(async (tx) => {
    await advancePhase(tx, { simulations: { some: { id: simulationId } } }, 'simulation');
    const { count } = await tx.simulation.updateMany({
      where: { id: simulationId, state: { in: ['planned', 'running'] } },
      data: { state, skipReason: reason, detail: storedDetail, endedAt: new Date() },
    });
    if (count === 0) return;
    await appendInTransaction(tx, [
      simulationEvent(`simulation_${state}`, simulationId, { reason, detail: storedDetail }),
    ]);
  });
}

function simulationEvent(
  eventType: AuditEvent['eventType'],
  simulationId: string,
  details: Record<string, unknown>,
) {
  return {
    key: `${eventType}/${simulationId}`,
    eventType,
    actor: 'workflow',
    subjectType: 'simulation',
    subjectId: simulationId,
    details,
  };
}

function toSimulation(row: Simulation): StoredSimulation {
  return {
    id: row.id,
    cycleId: row.cycleId,
    interventionId: row.interventionId,
    state: member(SIMULATION_STATES, row.state),
    pairsRequested: row.pairsRequested,
    plan: row.plan === null ? null : fromJson<ReplaySize>(row.plan),
    estimatedCostMicroUsd: money(row.estimatedCostMicroUsd),
    result: row.result === null ? null : fromJson<SimulationResult>(row.result),
  };
}

function toReplay(row: ReplayRun): RecordedReplay {
  return {
    ...toRunFigures(row),
    control: row.control,
    pair: row.pair,
    lane: member(REPLAY_LANES, row.lane),
    sourceRunId: row.sourceRunId,
  };
}
