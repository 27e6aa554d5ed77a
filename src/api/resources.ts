import { z } from 'zod';
import { APPROVAL_STATES } from '../domain/approval';
import { CYCLE_PHASES, CYCLE_STATES } from '../domain/cycle';
import { CHANNELS, DEPLOYMENT_STATES } from '../domain/deployment';
import { FAILURE_STATES, NOVELTIES } from '../domain/failure';
import { WATCH_VERDICTS } from '../domain/harm-watch';
import { INJECTION_KINDS } from '../domain/injection-attempts';
import { INTERVENTION_TYPES } from '../domain/intervention';
import { ASSESSORS } from '../domain/judge';
import { MODES } from '../domain/mode';
import { ACTION_TYPES, RISK_TIERS } from '../domain/risk';
import { SEVERITIES } from '../domain/severity';
import { SIMULATION_VERDICTS } from '../domain/simulation';
import { TOOL_RISK_LEVELS, TOOL_STATUSES } from '../domain/tool';
import type { Resource } from '../ports/records';
import { count, rate, Rate } from './rate-resource';
import { Regression } from './regression-resource';
import { timestamp } from './schemas';

/** Of every record. */
const identity = { id: z.guid(), created_at: timestamp };
const ofCycle = { ...identity, cycle_id: z.guid() };
const usd = z.number().min(0);

/** Records as they are stored; each may carry more members than are named here. */
export const Cycle = z
  .looseObject({
    ...identity,
    workflow_id: z.string(),
    state: z.enum(CYCLE_STATES),
    phase: z.enum(CYCLE_PHASES),
    paused: z.boolean(),
    focus: z.string().nullable(),
    target: z.string(),
    researcher: z.string(),
    start_mode: z.enum(MODES),
    error: z.string().nullable(),
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'Cycle' });

const Hypothesis = z
  .looseObject({
    ...ofCycle,
    target_surface: z.string(),
    expected_failure: z.string(),
    failure_class: z.string(),
    failure_type: z.string(),
    confidence: rate,
    priority: z.int(),
    rationale: z.string(),
  })
  .meta({ id: 'Hypothesis' });

/** Beside a rate: who decided the runs behind it. */
const ASSESSED_RATE = {
  assessed_by: z
    .enum(ASSESSORS)
    .nullable()
    .describe('Who decided the runs behind the rate; null when none was assessed.'),
  judged_by: z.string().nullable().describe('The judge: model, version of its prompt, votes.'),
  rate_corrected: z.boolean().describe("Whether `corrected_rate` has the judge's own mistakes taken out."),
  corrected_rate: z
    .looseObject({ value: rate, low: rate, high: rate })
    .nullable()
    .describe('Null unless one judge decided all the runs and was measured (tinman judge calibrate).'),
};

const Experiment = z
  .looseObject({
    ...ofCycle,
    hypothesis_id: z.guid(),
    title: z.string(),
    failure_type: z.string(),
    destructive: z.boolean(),
    runs_requested: z.int(),
    runs_permitted: z.int().nullable(),
    estimated_cost_usd: usd,
    state: z.enum(['designed', 'running', 'done', 'skipped', 'failed']),
    mode: z.enum(MODES).nullable(),
    stopped_early: z
      .looseObject({
        after_runs: count,
        triggers: z.array(
          z.looseObject({
            trigger: z.string(),
            verdict: z.enum(['established', 'refuted']),
            likelihood_ratio: z
              .number()
              .describe('How many times likelier the runs are at `p1` than at `p0`.'),
            p0: rate,
            p1: rate,
            error: rate.describe('The chance, at most, of either wrong verdict.'),
          }),
        ),
      })
      .nullable()
      .describe('Why it ended before its last run; null when it did not.'),
    ...ASSESSED_RATE,
  })
  .meta({ id: 'Experiment' });

export const Failure = z
  .looseObject({
    ...ofCycle,
    experiment_id: z.guid(),
    target: z.string(),
    failure_class: z.string(),
    failure_type: z.string(),
    references: z
      .looseObject({ owasp: z.array(z.string()), atlas: z.array(z.string()) })
      .describe(
        'Where OWASP Top 10 for LLM Applications (2025) and MITRE ATLAS have its type, by their ids.',
      ),
    severity: z.enum(SEVERITIES),
    severity_reason: z.string(),
    trigger: z.string(),
    trigger_signature: z.string(),
    description: z.string(),
    root_cause: z.string(),
    novelty: z.enum(NOVELTIES),
    reproducibility: Rate.describe(
      'Over all plays of its variations; over the runs that showed it until there are any.',
    ),
    reproducibility_from: z.enum(['runs', 'variations']),
    ...ASSESSED_RATE,
    observed: Rate.describe('Over the runs of the experiments that showed it.'),
    injection_attempts: z
      .array(z.looseObject({ kind: z.enum(INJECTION_KINDS), quote: z.string() }))
      .describe(
        'What in its failed runs tells a judge or the researcher what to conclude; it decided nothing.',
      ),
    follow_up: z
      .looseObject({
        state: z.enum(['planned', 'running', 'done', 'skipped', 'failed']),
        skip_reason: z.string().nullable(),
        summary: z.string().nullable(),
      })
      .nullable()
      .describe('What the search for its shortest stimulus and the variations of that came to.'),
    state: z.enum(FAILURE_STATES),
    state_set_by: z.string().nullable().describe('Who set the state by hand; null where cycles set it.'),
    state_reason: z.string().nullable().describe('The evidence or the reason given.'),
  })
  .meta({ id: 'Failure' });

const Intervention = z
  .looseObject({
    ...ofCycle,
    failure_id: z.guid(),
    type: z.enum(INTERVENTION_TYPES),
    name: z.string(),
    description: z.string(),
    patch: z.looseObject({}),
    risk_tier: z.enum(RISK_TIERS),
    is_reversible: z.boolean(),
    rollback_plan: z.string(),
    estimated_effectiveness: rate.describe("The researcher's own estimate, before any replay."),
  })
  .meta({ id: 'Intervention' });

export const Simulation = z
  .looseObject({
    ...ofCycle,
    intervention_id: z.guid(),
    state: z.enum(['planned', 'running', 'done', 'skipped', 'failed']),
    pairs_requested: z.int(),
    plan: z
      .looseObject({
        chosen_by: z
          .enum(['request', 'power', 'budget', 'limit'])
          .describe('What the number of pairs was chosen by.'),
        candidates: count.describe('Changes replayed against the same failure; they share one error budget.'),
        level: rate.describe('The two-sided level at which this one is found to be an improvement.'),
        assumed_rate: rate.nullable().describe('The failure rate that is reckoned with.'),
        power: rate.nullable().describe('The chance to show a change that removes 80 % of the failure.'),
      })
      .nullable()
      .describe('What was fixed before the first pair.'),
    estimated_cost_usd: usd,
    verdict: z.enum(SIMULATION_VERDICTS).nullable(),
    reason: z.string().nullable(),
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'Simulation' });

const Deployment = z
  .looseObject({
    ...ofCycle,
    intervention_id: z.guid(),
    simulation_id: z.guid().nullable().describe('The simulation that spoke for it.'),
    channel: z.enum(CHANNELS),
    target: z.string(),
    state: z.enum(DEPLOYMENT_STATES),
    type: z.enum(INTERVENTION_TYPES),
    name: z.string(),
    patch: z.looseObject({}),
    override_reason: z
      .string()
      .nullable()
      .describe('Why an admin published it without a current verdict `improved`.'),
    workflow_id: z.string(),
    requested_by: z.string(),
    end_reason: z.string().nullable().describe('Why it was refused or taken back.'),
    watch: z
      .looseObject({
        verdict: z.enum(WATCH_VERDICTS),
        reason: z.string(),
        pairs: count.describe('Assessed canary pairs.'),
        unassessed_pairs: count,
        pairs_planned: count,
        e_value: z.number().min(0).describe('Evidence of harm; from `threshold` on it is taken back.'),
        threshold: z.number(),
        ends_at: timestamp,
        paused: z.string().nullable().describe('Why no canary is replayed at the moment.'),
      })
      .nullable()
      .describe('Null until it is live.'),
    published_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'Deployment' });

export const Approval = z
  .looseObject({
    ...identity,
    action_type: z.enum(ACTION_TYPES),
    action_description: z.string(),
    risk_tier: z.enum(RISK_TIERS),
    severity: z.enum(SEVERITIES),
    estimated_cost_usd: usd,
    affected_systems: z.array(z.string()),
    is_reversible: z.boolean(),
    rollback_plan: z.string(),
    requester_agent: z.string(),
    requested_by: z.string().describe('Whose request led to it.'),
    timeout_seconds: z.number().nullable(),
    workflow_id: z.string(),
    action_digest: z.string(),
    state: z.enum(APPROVAL_STATES),
  })
  .meta({ id: 'Approval' });

/** What a cycle came to, as `POST /research/cycle?wait=` answers it. */
export const CycleResult = z
  .looseObject({
    success: z.boolean(),
    hypotheses_count: count,
    experiments_count: count,
    failures_count: count,
    interventions_count: count,
    hypotheses: z.array(Hypothesis),
    experiments: z.array(Experiment),
    failures: z.array(Failure),
    interventions: z.array(Intervention),
    error: z.string().nullable(),
    regressions: z
      .array(Regression)
      .optional()
      .describe('Every known failure, the gravest first; only of a cycle that replays them.'),
  })
  .meta({ id: 'CycleResult' });

/** Where a resource is served, and what its records look like. */
export const ToolExecution = z
  .looseObject({
    ...identity,
    tool_name: z.string(),
    risk_level: z.enum(TOOL_RISK_LEVELS),
    status: z.enum(TOOL_STATUSES),
    description: z.string(),
    arguments: z.looseObject({}),
    requested_by: z.string(),
    workflow_id: z.string(),
    reversible: z.boolean(),
    result: z.unknown(),
    error: z.string().nullable(),
    rollback_of: z.guid().nullable(),
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'ToolExecution' });

export const RESOURCE_ROUTES: Readonly<
  Record<Resource, { readonly path: string; readonly singular: string; readonly record: z.ZodObject }>
> = {
  cycles: { path: '/research/cycles', singular: 'research cycle', record: Cycle },
  hypotheses: { path: '/hypotheses', singular: 'hypothesis', record: Hypothesis },
  experiments: { path: '/experiments', singular: 'experiment', record: Experiment },
  failures: { path: '/failures', singular: 'failure', record: Failure },
  interventions: { path: '/interventions', singular: 'intervention', record: Intervention },
  simulations: { path: '/simulations', singular: 'simulation', record: Simulation },
  deployments: { path: '/deployments', singular: 'deployment', record: Deployment },
  approvals: { path: '/approvals', singular: 'approval', record: Approval },
  tool_executions: { path: '/tools/executions', singular: 'tool execution', record: ToolExecution },
};

/** One page of a list, newest first. */
export function pageOf(record: z.ZodObject): z.ZodObject {
  return z
    .object({
      items: z.array(record),
      next_cursor: z
        .string()
        .nullable()
        .describe('Ask for the next page with it as `cursor`; null on the last.'),
    })
    .meta({ id: `${record.meta()?.id}Page` });
}
