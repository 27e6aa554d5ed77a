import { ASSESSORS } from '../domain/judge';
import { rateOf } from '../domain/statistics';
import { FAILURE_TYPES } from '../domain/taxonomy';
import { catalogueIdsOf } from '../domain/taxonomy-references';
import { member } from './columns';
import { CYCLE_FIGURES } from './cycle-progress';
import { Prisma } from './generated/client';
import {
  assessedRate,
  assessorOf,
  CALIBRATION_COLUMNS,
  calibrationOf,
  WHO_ASSESSED,
  withoutCalibration,
} from './judged-rates';
import { presentRow, type RawRow } from './record-presentation';
import type { ApiRecord, Resource } from '../ports/records';

/** A column that a list can be filtered by. */
interface Filter {
  readonly column: Prisma.Sql;
  readonly type: 'uuid' | 'text';
}

/** How a resource is read: the record itself is always called `r`. */
export interface ResourceQuery {
  readonly columns: Prisma.Sql;
  readonly from: Prisma.Sql;
  /** By API name. */
  readonly filters: Readonly<Record<string, Filter>>;
  /** The order within a cycle, for its result. */
  readonly order: Prisma.Sql;
  readonly present: (row: RawRow) => ApiRecord;
}

const RESEARCHER = Prisma.sql`r.researcher, r.researcher_version, r.created_at`;

const FAILURE_ORDER = Prisma.sql`f.severity DESC, f.trigger_signature`;

export const RESOURCE_QUERIES: Readonly<Record<Resource, ResourceQuery>> = {
  cycles: {
    columns: Prisma.sql`r.*`,
    from: Prisma.sql`(
      SELECT c.id, c.workflow_id, c.state, c.phase, c.paused, c.focus, c.target, c.request, c.requested_by,
        c.researcher, c.researcher_version, c.start_mode, c.error, c.created_at, c.ended_at, ${CYCLE_FIGURES}
      FROM research_cycles c) AS r`,
    filters: { ...texts('state', 'target', 'workflow_id', 'requested_by') },
    order: Prisma.sql`r.created_at`,
    present: presentCycle,
  },
  hypotheses: {
    columns: Prisma.sql`r.id, r.cycle_id, r.ordinal, r.target_surface, r.expected_failure, r.failure_class,
      r.failure_type, r.confidence, r.priority, r.rationale, ${RESEARCHER}`,
    from: Prisma.sql`hypotheses r`,
    filters: { ...ids('cycle_id'), ...texts('failure_class', 'failure_type') },
    order: Prisma.sql`r.priority, r.ordinal`,
    present: presentRow,
  },
  experiments: {
    columns: Prisma.sql`r.id, r.cycle_id, r.hypothesis_id, r.ordinal, r.title, r.failure_type, r.destructive,
      r.runs_requested, r.runs_permitted, r.estimated_cost_micro_usd, r.state, r.skip_reason, r.detail, r.mode,
      r.stopped_early, r.started_at, r.ended_at, runs.failed, runs.held, runs.unassessed, runs.judged_runs,
      runs.judged_by, ${CALIBRATION_COLUMNS}, ${RESEARCHER}`,
    from: Prisma.sql`experiments r JOIN hypotheses h ON h.id = r.hypothesis_id CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE outcome = 'failed')::int AS failed,
             count(*) FILTER (WHERE outcome = 'held')::int AS held,
             count(*) FILTER (WHERE outcome = 'unassessed')::int AS unassessed, ${WHO_ASSESSED}
      FROM experiment_runs WHERE experiment_id = r.id) AS runs ${calibrationOf(Prisma.sql`runs.judged_by`)}`,
    filters: { ...ids('cycle_id', 'hypothesis_id'), ...texts('failure_type', 'state', 'mode') },
    order: Prisma.sql`h.priority, h.ordinal, r.ordinal`,
    present: presentExperiment,
  },
  failures: {
    columns: Prisma.sql`r.id, r.cycle_id, r.experiment_id, r.target, r.failure_class, r.failure_type, r.severity,
      r.severity_reason, r.trigger, r.trigger_signature, r.description, r.root_cause, r.impact, r.impact_reason,
      r.failed_runs, r.assessed_runs, r.novelty, r.previous_failure_id, r.state, r.state_changed_at, r.state_set_by,
      r.state_reason, r.evidence, u.varied_failed, u.varied_assessed, u.state AS follow_up_state,
      u.skip_reason AS follow_up_skip_reason, u.result ->> 'summary' AS follow_up_summary, r.injection_attempts,
      CASE WHEN u.varied_assessed > 0 THEN v.judged_runs END AS varied_judged, r.assessed_by, w.judged_by,
      ${CALIBRATION_COLUMNS}, ${RESEARCHER}`,
    from: Prisma.sql`failures r LEFT JOIN follow_ups u ON u.failure_id = r.id
      LEFT JOIN LATERAL (SELECT ${WHO_ASSESSED} FROM follow_up_runs
        WHERE follow_up_id = u.id AND step = 'vary') AS v ON u.varied_assessed > 0
      CROSS JOIN LATERAL (SELECT CASE WHEN u.varied_assessed > 0 THEN v.judged_by ELSE r.judged_by END) AS w(judged_by)
      ${calibrationOf(Prisma.sql`w.judged_by`)}`,
    filters: {
      ...ids('cycle_id', 'experiment_id'),
      ...texts(
        'target',
        'failure_class',
        'failure_type',
        'severity',
        'novelty',
        'state',
        'trigger_signature',
      ),
    },
    order: Prisma.sql`r.severity DESC, r.trigger_signature`,
    present: presentFailure,
  },
  interventions: {
    columns: Prisma.sql`r.id, f.cycle_id, r.failure_id, r.ordinal, r.type, r.name, r.description, r.patch,
      r.risk_tier, r.is_reversible, r.rollback_plan, r.estimated_effectiveness, ${RESEARCHER},
      (SELECT jsonb_build_object('id', s.id, 'state', s.state, 'verdict', s.verdict) FROM simulations s
        WHERE s.cycle_id = r.cycle_id AND s.intervention_id = r.id) AS simulation`,
    // An intervention belongs to the cycle of its failure, where an index finds it.
    from: Prisma.sql`interventions r JOIN failures f ON f.id = r.failure_id`,
    filters: {
      cycle_id: { column: Prisma.sql`f.cycle_id`, type: 'uuid' },
      ...ids('failure_id'),
      ...texts('type', 'risk_tier'),
    },
    order: Prisma.sql`${FAILURE_ORDER}, r.ordinal`,
    present: presentRow,
  },
  simulations: {
    columns: Prisma.sql`r.id, r.cycle_id, r.intervention_id, i.failure_id, r.state, r.skip_reason, r.detail,
      r.pairs_requested, r.plan, r.estimated_cost_micro_usd, r.verdict, r.reason, r.result, r.created_at, r.ended_at`,
    from: Prisma.sql`simulations r JOIN interventions i ON i.id = r.intervention_id
      JOIN failures f ON f.id = i.failure_id`,
    filters: { ...ids('cycle_id', 'intervention_id'), ...texts('state', 'verdict') },
    order: Prisma.sql`${FAILURE_ORDER}, i.ordinal`,
    present: presentRow,
  },
  tool_executions: {
    columns: Prisma.sql`r.*`,
    from: Prisma.sql`(
      SELECT t.id, t.tool_name, t.risk_level, t.action_type, t.reversible, t.description, t.arguments, t.requested_by,
        t.workflow_id, t.mode, t.policy_version, t.approval_id, t.status, t.result, t.error, t.rollback_of,
        t.started_at AS created_at, t.ended_at
      FROM tool_executions t) AS r`,
    filters: { ...texts('tool_name', 'risk_level', 'status', 'requested_by', 'workflow_id') },
    order: Prisma.sql`r.created_at`,
    present: presentRow,
  },
  deployments: {
    columns: Prisma.sql`r.id, f.cycle_id, r.intervention_id, i.failure_id, r.simulation_id, r.channel, r.target, r.state,
      i.type, i.name, r.patch, r.override_reason, r.workflow_id, r.requested_by, r.end_reason, r.watch, r.created_at,
      r.published_at, r.ended_at`,
    from: Prisma.sql`deployments r JOIN interventions i ON i.id = r.intervention_id
      JOIN failures f ON f.id = i.failure_id`,
    filters: {
      cycle_id: { column: Prisma.sql`f.cycle_id`, type: 'uuid' },
      ...ids('intervention_id'),
      ...texts('channel', 'target', 'state', 'requested_by', 'workflow_id'),
    },
    order: Prisma.sql`r.created_at, r.id`,
    present: presentRow,
  },
  approvals: {
    columns: Prisma.sql`r.id, r.cycle_id, r.workflow_id, r.action_type, r.action_description, r.subject_id,
      r.risk_tier, r.severity, r.estimated_cost_micro_usd, r.affected_systems, r.is_reversible, r.rollback_plan,
      r.requester_agent, r.requested_by, r.person_required, r.mode, r.policy_version, r.action_digest, r.state, r.deadline_at, r.created_at,
      extract(epoch FROM r.deadline_at - r.created_at)::int AS timeout_seconds`,
    from: Prisma.sql`approvals r`,
    filters: {
      ...ids('cycle_id'),
      ...texts(
        'state',
        'action_type',
        'risk_tier',
        'severity',
        'mode',
        'workflow_id',
        'subject_id',
        'requested_by',
      ),
    },
    order: Prisma.sql`r.created_at, r.id`,
    present: presentRow,
  },
};

function columns(type: Filter['type'], names: readonly string[]): Record<string, Filter> {
  return Object.fromEntries(names.map((name) => [name, { column: Prisma.raw(`r."${name}"`), type }]));
}

function ids(...names: string[]): Record<string, Filter> {
  return columns('uuid', names);
}

function texts(...names: string[]): Record<string, Filter> {
  return columns('text', names);
}

function presentCycle(row: RawRow): ApiRecord {
  const {
    hypotheses,
    experiments,
    failures,
    interventions,
    simulations,
    experiments_done,
    runs_done,
    ...cycle
  } = row;
  return presentRow({
    ...cycle,
    hypotheses_count: hypotheses,
    experiments_count: experiments,
    failures_count: failures,
    interventions_count: interventions,
    simulations_count: simulations,
    experiments_done,
    runs_done,
  });
}

function presentExperiment(row: RawRow): ApiRecord {
  const { failed, held, unassessed, judged_runs, judged_by, ...rest } = row;
  const { calibration, others: experiment } = withoutCalibration(rest);
  const rate = rateOf(Number(failed), Number(failed) + Number(held));
  return {
    ...presentRow(experiment),
    outcomes: { failed, held, unassessed },
    failure_rate: rate,
    ...assessedRate(assessorOf(rate.n, Number(judged_runs)), judged_by, rate, calibration),
  };
}

/** How reproducible a failure is comes from its variations, once some were played; else from the runs that showed it. */
function presentFailure(row: RawRow): ApiRecord {
  const { failed_runs, assessed_runs, varied_failed, varied_assessed, ...rest } = row;
  const { follow_up_state: state, follow_up_skip_reason, follow_up_summary, ...described } = rest;
  const { varied_judged, assessed_by, judged_by, injection_attempts, ...judged } = described;
  const { calibration, others: failure } = withoutCalibration(judged);
  const observed = rateOf(Number(failed_runs), Number(assessed_runs));
  const varied = Number(varied_assessed ?? 0) > 0;
  const reproducibility = varied ? rateOf(Number(varied_failed), Number(varied_assessed)) : observed;
  const assessor = varied
    ? assessorOf(reproducibility.n, Number(varied_judged))
    : (ASSESSORS.find((one) => one === assessed_by) ?? null);
  return {
    ...presentRow({ ...failure, injection_attempts: injection_attempts ?? [] }),
    references: catalogueIdsOf(member(FAILURE_TYPES, String(row['failure_type']))),
    reproducibility,
    ...assessedRate(assessor, judged_by, reproducibility, calibration),
    reproducibility_from: varied ? 'variations' : 'runs',
    observed,
    follow_up:
      state === null ? null : { state, skip_reason: follow_up_skip_reason, summary: follow_up_summary },
  };
}
