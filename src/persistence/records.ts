import { readActive } from './active-deployments';
import { readProgress } from './cycle-progress';
import { readEffects, readStatus } from './record-counts';
import { isUuid } from './record-cursor';
import { RECORD_DETAILS } from './record-details';
import { readAll, readOne, readPage } from './record-reader';
import { RESOURCE_QUERIES } from './record-resources';
import { regressionsOf } from './regressions';
import type { ApiRecord, Records, Resource } from '../ports/records';
import type { PrismaClient } from './client';

/** The read side over PostgreSQL. */
export function createRecords(prisma: PrismaClient): Records {
  return {
    filters: FILTERS,
    list: (resource, query) => readPage(prisma, resource, query),
    async get(resource, id) {
      const record = await readOne(prisma, resource, id);
      if (record === undefined) return undefined;
      return { ...record, ...(await RECORD_DETAILS[resource]?.(prisma, id)) };
    },
    progress: async (cycleId) => (isUuid(cycleId) ? readProgress(prisma, cycleId) : undefined),
    result: (cycleId) => readResult(prisma, cycleId),
    status: () => readStatus(prisma),
    effects: () => readEffects(prisma),
    active: (filter) => readActive(prisma, filter),
  };
}

const filtersOf = (resource: Resource) => Object.keys(RESOURCE_QUERIES[resource].filters);

const FILTERS: Records['filters'] = {
  cycles: filtersOf('cycles'),
  hypotheses: filtersOf('hypotheses'),
  experiments: filtersOf('experiments'),
  failures: filtersOf('failures'),
  interventions: filtersOf('interventions'),
  simulations: filtersOf('simulations'),
  deployments: filtersOf('deployments'),
  tool_executions: filtersOf('tool_executions'),
  approvals: filtersOf('approvals'),
};

/** A cycle that ended on its budget ended well: it says so in `state`, and its records are what it paid for. */
const SUCCESS: ReadonlySet<unknown> = new Set(['completed', 'budget_exhausted']);

async function readResult(prisma: PrismaClient, cycleId: string): Promise<ApiRecord | undefined> {
  const cycle = await readOne(prisma, 'cycles', cycleId);
  if (cycle === undefined) return undefined;
  const of = (resource: Resource) => readAll(prisma, resource, { cycle_id: cycleId });
  const [hypotheses, experiments, failures, interventions, simulations] = await Promise.all([
    of('hypotheses'),
    of('experiments'),
    of('failures'),
    of('interventions'),
    of('simulations'),
  ]);
  return {
    ...cycle,
    success: SUCCESS.has(cycle['state']),
    hypotheses_count: hypotheses.length,
    experiments_count: experiments.length,
    failures_count: failures.length,
    interventions_count: interventions.length,
    simulations_count: simulations.length,
    hypotheses,
    experiments,
    failures,
    interventions,
    simulations,
    ...(await regressionsOf(prisma, cycle)),
  };
}
