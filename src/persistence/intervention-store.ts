import { DomainError } from '../domain/errors';
import { RISK_TIERS } from '../domain/risk';
import { appendInTransaction } from './audit-trail';
import { fromJson, member } from './columns';
import { advancePhase } from './cycle-phase';
import { insertMissing } from './insert-rows';
import type { AuditEvent } from '../ports/audit';
import type { Patch } from '../domain/intervention';
import type { InterventionStore, ResearcherStamp } from '../ports/stores';
import type { PrismaClient } from './client';
import type { Intervention, Prisma } from './generated/client';

const INTERVENTIONS = {
  table: 'interventions',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    failure_id: 'uuid',
    ordinal: 'integer',
    type: 'text',
    name: 'text',
    description: 'text',
    patch: 'jsonb',
    risk_tier: 'text',
    is_reversible: 'boolean',
    rollback_plan: 'text',
    estimated_effectiveness: 'float8',
    researcher: 'text',
    researcher_version: 'text',
  },
} as const;

const SIMULATIONS = {
  table: 'simulations',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    intervention_id: 'uuid',
    pairs_requested: 'integer',
    plan: 'jsonb',
    estimated_cost_micro_usd: 'bigint',
  },
} as const;

/** As failures are listed, then by position. */
export const INTERVENTIONS_IN_ORDER: Prisma.InterventionOrderByWithRelationInput[] = [
  { failure: { severity: 'desc' } },
  { failure: { triggerSignature: 'asc' } },
  { ordinal: 'asc' },
];

type Positioned = Parameters<InterventionStore['save']>[1][number];

export function createInterventionStore(prisma: PrismaClient): InterventionStore {
  return {
    async save(cycleId, interventions, simulations, stamp) {
      await prisma.$transaction(async (tx) => {
        await advancePhase(tx, { id: cycleId }, 'intervention_design');
        await insertMissing(
          tx,
          INTERVENTIONS,
          interventions.map((intervention) => toRow(cycleId, intervention, stamp)),
        );
        await insertMissing(
          tx,
          SIMULATIONS,
          simulations.map((simulation) => ({
            id: simulation.id,
            cycle_id: simulation.cycleId,
            intervention_id: simulation.interventionId,
            pairs_requested: simulation.pairsRequested,
            plan: simulation.plan,
            estimated_cost_micro_usd: simulation.estimatedCostMicroUsd,
          })),
        );
        await appendInTransaction(tx, designEvents(interventions, stamp));
      });
    },

    async list(cycleId) {
      const rows = await prisma.intervention.findMany({
        where: { failure: { cycleId } },
        orderBy: INTERVENTIONS_IN_ORDER,
      });
      return rows.map(toIntervention);
    },

    async get(interventionId) {
      const row = await prisma.intervention.findUnique({ where: { id: interventionId } });
      if (row === null) throw new DomainError('not_found', `there is no intervention ${interventionId}`);
      return toIntervention(row);
    },
  };
}

/** One event a failure, whose interventions are saved together. */
function designEvents(interventions: readonly Positioned[], stamp: ResearcherStamp): AuditEvent[] {
  const byFailure = new Map<string, { id: string; type: string }[]>();
  for (const { failureId, id, patch } of interventions) {
    byFailure.set(failureId, [...(byFailure.get(failureId) ?? []), { id, type: patch.type }]);
  }
  return [...byFailure].map(([failureId, designed]) => ({
    key: `interventions_designed/${failureId}`,
    eventType: 'interventions_designed',
    actor: `researcher:${stamp.researcher}`,
    subjectType: 'failure',
    subjectId: failureId,
    details: { researcher_version: stamp.researcherVersion, interventions: designed },
  }));
}

function toRow(
  cycleId: string,
  intervention: Positioned,
  { researcher, researcherVersion }: ResearcherStamp,
) {
  return {
    id: intervention.id,
    cycle_id: cycleId,
    failure_id: intervention.failureId,
    ordinal: intervention.ordinal,
    type: intervention.patch.type,
    name: intervention.name,
    description: intervention.description,
    patch: intervention.patch,
    risk_tier: intervention.riskTier,
    is_reversible: intervention.isReversible,
    rollback_plan: intervention.rollbackPlan,
    estimated_effectiveness: intervention.estimatedEffectiveness,
    researcher,
    researcher_version: researcherVersion,
  };
}

/** An intervention as the domain has it, with its position within its failure. */
export function toIntervention(row: Intervention): Positioned {
  return {
    id: row.id,
    failureId: row.failureId,
    ordinal: row.ordinal,
    name: row.name,
    description: row.description,
    patch: fromJson<Patch>(row.patch),
    riskTier: member(RISK_TIERS, row.riskTier),
    isReversible: row.isReversible,
    rollbackPlan: row.rollbackPlan,
    estimatedEffectiveness: row.estimatedEffectiveness,
  };
}
