import { Client } from 'pg';
import { ACTION_TYPES, RISK_TIERS } from '../../src/domain/risk';
import { APPROVAL_STATES } from '../../src/domain/approval';
import { CYCLE_PHASES, CYCLE_STATES } from '../../src/domain/cycle';
import { EDGE_KINDS, NODE_KINDS } from '../../src/domain/memory';
import { FAILURE_STATES, NOVELTIES } from '../../src/domain/failure';
import { INTERVENTION_TYPES } from '../../src/domain/intervention';
import { DELIVERY_STATES } from '../../src/domain/outbound-events';
import { MODES } from '../../src/domain/mode';
import { REPLAY_LANES, SIMULATION_VERDICTS } from '../../src/domain/simulation';
import { RUN_OUTCOMES, UNASSESSED_REASONS } from '../../src/domain/experiment';
import { SEVERITIES } from '../../src/domain/severity';
import { FAILURE_TYPES, classOf } from '../../src/domain/taxonomy';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

const CLOSED_SETS: readonly (readonly [constraint: string, values: readonly string[]])[] = [
  ['research_cycles_state_check', CYCLE_STATES],
  ['research_cycles_phase_check', CYCLE_PHASES],
  ['research_cycles_start_mode_check', MODES],
  ['experiments_mode_check', MODES],
  ['experiment_runs_outcome_check', RUN_OUTCOMES],
  ['experiment_runs_reason_check', UNASSESSED_REASONS],
  ['failures_severity_check', SEVERITIES],
  ['failures_novelty_check', NOVELTIES],
  ['failures_state_check', FAILURE_STATES],
  ['interventions_type_check', INTERVENTION_TYPES],
  ['interventions_risk_tier_check', RISK_TIERS],
  ['simulations_verdict_check', SIMULATION_VERDICTS],
  ['replay_runs_lane_check', REPLAY_LANES],
  ['replay_runs_outcome_check', RUN_OUTCOMES],
  ['replay_runs_reason_check', UNASSESSED_REASONS],
  ['approvals_action_type_check', ACTION_TYPES],
  ['approvals_risk_tier_check', RISK_TIERS],
  ['approvals_severity_check', SEVERITIES],
  ['approvals_mode_check', MODES],
  ['approvals_state_check', APPROVAL_STATES],
  ['approval_decisions_decision_check', APPROVAL_STATES.filter((state) => state !== 'pending')],
  ['mode_state_mode_check', MODES],
  ['mode_transitions_from_mode_check', MODES],
  ['mode_transitions_to_mode_check', MODES],
  ['webhook_deliveries_state_check', DELIVERY_STATES],
  ['memory_nodes_kind_check', NODE_KINDS],
  ['memory_edges_kind_check', EDGE_KINDS],
];

describe('closed sets in the database', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it.each(CLOSED_SETS)('%s is the list of the domain', async (constraint, values) => {
    const { rows } = await client.query<{ definition: string }>(
      'SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = $1',
      [constraint],
    );
    const inDatabase = [...(rows[0]?.definition ?? '').matchAll(/'([^']*)'::text/g)].map((match) => match[1]);
    expect(new Set(inDatabase)).toEqual(new Set(values));
  });

  it('knows the class of every failure type, and of no other', async () => {
    const { rows } = await client.query<{ type: string; class: string | null }>(
      'SELECT type, failure_class_of(type) AS class FROM unnest($1::text[]) AS type',
      [[...FAILURE_TYPES, 'no_such_type']],
    );
    expect(rows).toEqual([
      ...FAILURE_TYPES.map((type) => ({ type, class: classOf(type) })),
      { type: 'no_such_type', class: null },
    ]);
  });
});
