import { DomainError } from '../domain/errors';
import { RUN_OUTCOMES } from '../domain/experiment';
import { MODES } from '../domain/mode';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, money } from './columns';
import { advancePhase } from './cycle-phase';
import { finishExperiment, skipExperiment } from './experiment-end';
import { insertMissing, insertMissingWithBills } from './insert-rows';
import { RUN_COLUMNS, runRow, toRunFigures } from './recorded-run';
import type { AuditEvent } from '../ports/audit';
import type { ExperimentDesign } from '../domain/experiment';
import type { Mode } from '../domain/mode';
import type { ExperimentStore, RecordedRun, StoredExperiment } from '../ports/stores';
import type { PrismaClient } from './client';
import type { Experiment, ExperimentRun, Prisma } from './generated/client';

const EXPERIMENTS = {
  table: 'experiments',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    hypothesis_id: 'uuid',
    ordinal: 'integer',
    title: 'text',
    failure_type: 'text',
    design: 'jsonb',
    destructive: 'boolean',
    runs_requested: 'integer',
    estimated_cost_micro_usd: 'bigint',
    researcher: 'text',
    researcher_version: 'text',
  },
} as const;

const RUNS = {
  table: 'experiment_runs',
  columns: { ...RUN_COLUMNS, cycle_id: 'uuid', experiment_id: 'uuid', ordinal: 'integer' },
} as const;

const EXPERIMENT_STATES = ['designed', 'running', 'done', 'skipped', 'failed'] as const;

/** As hypotheses are listed, then by position. */
const IN_ORDER: Prisma.ExperimentOrderByWithRelationInput[] = [
  { hypothesis: { priority: 'asc' } },
  { hypothesis: { ordinal: 'asc' } },
  { ordinal: 'asc' },
];

export function createExperimentStore(prisma: PrismaClient): ExperimentStore {
  const get = async (id: string) => {
    const row = await prisma.experiment.findUnique({ where: { id } });
    if (row === null) throw new DomainError('not_found', `there is no experiment ${id}`);
    return toExperiment(row);
  };
  const listRuns = async (where: Prisma.ExperimentRunWhereInput) => {
    const orderBy = [...IN_ORDER.map((experiment) => ({ experiment })), { ordinal: 'asc' as const }];
    return (await prisma.experimentRun.findMany({ where, orderBy })).map(toRun);
  };
  return {
    saveDesigns: (cycleId, experiments, stamp) => saveDesigns(prisma, cycleId, experiments, stamp),
    async list(cycleId) {
      const rows = await prisma.experiment.findMany({ where: { cycleId }, orderBy: IN_ORDER });
      return rows.map(toExperiment);
    },
    get,
    async begin(experimentId, mode, runsPermitted) {
      const begun = await beginFirst(prisma, experimentId, mode, runsPermitted);
      if (begun !== undefined) return { experiment: begun, recorded: [] };
      const recorded = await prisma.experimentRun.findMany({
        where: { experimentId },
        select: { ordinal: true, outcome: true },
        orderBy: { ordinal: 'asc' },
      });
      return {
        experiment: await get(experimentId),
        recorded: recorded.map(({ ordinal, outcome }) => ({
          ordinal,
          outcome: member(RUN_OUTCOMES, outcome),
        })),
      };
    },
    async recordRuns(experimentId, cycleId, runs, settlements) {
      const rows = runs.map((run) => ({
        ...runRow(run),
        cycle_id: cycleId,
        experiment_id: experimentId,
        ordinal: run.ordinal,
      }));
      await insertMissingWithBills(prisma, RUNS, rows, settlements);
    },
    finish: (experimentId, stoppedEarly) => finishExperiment(prisma, experimentId, stoppedEarly),
    skip: (experimentId, reason, detail) => skipExperiment(prisma, experimentId, reason, detail),
    runsOfCycle: (cycleId) => listRuns({ cycleId }),
    runs: (ids) => listRuns({ id: { in: [...ids] } }),
  };
}

async function saveDesigns(
  prisma: PrismaClient,
  cycleId: string,
  experiments: Parameters<ExperimentStore['saveDesigns']>[1],
  { researcher, researcherVersion }: Parameters<ExperimentStore['saveDesigns']>[2],
): Promise<void> {
  const rows = experiments.map((experiment) => ({
    id: experiment.id,
    cycle_id: cycleId,
    hypothesis_id: experiment.hypothesisId,
    ordinal: experiment.ordinal,
    title: experiment.design.title,
    failure_type: experiment.design.failureType,
    design: experiment.design,
    destructive: experiment.design.destructive,
    runs_requested: experiment.runsRequested,
    estimated_cost_micro_usd: experiment.estimatedCostMicroUsd,
    researcher,
    researcher_version: researcherVersion,
  }));
  await prisma.$transaction(async (tx) => {
    await advancePhase(tx, { id: cycleId }, 'experiment_design');
    await insertMissing(tx, EXPERIMENTS, rows);
    await appendInTransaction(tx, designEvents(experiments, researcher, researcherVersion));
  });
}

/** One event a hypothesis: the designs of a hypothesis are saved together, those of a cycle not necessarily. */
function designEvents(
  experiments: readonly Pick<StoredExperiment, 'id' | 'hypothesisId'>[],
  researcher: string,
  researcherVersion: string,
): AuditEvent[] {
  const ids = new Map<string, string[]>();
  for (const { id, hypothesisId } of experiments) {
    ids.set(hypothesisId, [...(ids.get(hypothesisId) ?? []), id]);
  }
  return [...ids].map(([hypothesisId, experimentIds]) => ({
    key: `experiments_designed/${hypothesisId}`,
    eventType: 'experiments_designed',
    actor: `researcher:${researcher}`,
    subjectType: 'hypothesis',
    subjectId: hypothesisId,
    details: { researcher_version: researcherVersion, experiment_ids: experimentIds },
  }));
}

/** The experiment when this call began it: it then has no runs yet. Undefined when it had begun or ended before. */
async function beginFirst(
  prisma: PrismaClient,
  experimentId: string,
  mode: Mode,
  runsPermitted: number,
): Promise<StoredExperiment | undefined> {
  return prisma.$transaction(async (tx) => {
    await advancePhase(tx, { experiments: { some: { id: experimentId } } }, 'execution');
    const [row] = await tx.experiment.updateManyAndReturn({
      where: { id: experimentId, state: 'designed' },
      data: { state: 'running', mode, runsPermitted, startedAt: new Date() },
    });
    if (row === undefined) return undefined;
    await appendInTransaction(tx, [
      {
        key: `experiment_started/${experimentId}`,
        eventType: 'experiment_started',
        actor: 'workflow',
        subjectType: 'experiment',
        subjectId: experimentId,
        details: { cycle_id: row.cycleId, mode, runs_permitted: runsPermitted },
      },
    ]);
    return toExperiment(row);
  });
}

function toExperiment(row: Experiment): StoredExperiment {
  return {
    id: row.id,
    cycleId: row.cycleId,
    hypothesisId: row.hypothesisId,
    ordinal: row.ordinal,
    design: fromJson<ExperimentDesign>(row.design),
    runsRequested: row.runsRequested,
    estimatedCostMicroUsd: money(row.estimatedCostMicroUsd),
    state: member(EXPERIMENT_STATES, row.state),
    mode: row.mode === null ? null : member(MODES, row.mode),
    runsPermitted: row.runsPermitted,
  };
}

function toRun(row: ExperimentRun): RecordedRun & { readonly experimentId: string } {
  return { ...toRunFigures(row), ordinal: row.ordinal, experimentId: row.experimentId };
}
