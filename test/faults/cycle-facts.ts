import type { ChatMessage } from '../../src/domain/chat';
import type { Stack } from '../support/stack';
import { requestDigest } from './counting-target';

/** Everything a cycle has recorded, without ids and times: two cycles that went alike have equal facts. */
export type CycleFacts = readonly string[];

const FACTS = `
  WITH ids AS (
    SELECT id FROM research_cycles WHERE id = $1
    UNION ALL SELECT id FROM hypotheses WHERE cycle_id = $1
    UNION ALL SELECT id FROM experiments WHERE cycle_id = $1
    UNION ALL SELECT id FROM failures WHERE cycle_id = $1
    UNION ALL SELECT id FROM follow_ups WHERE cycle_id = $1
    UNION ALL SELECT id FROM interventions WHERE cycle_id = $1
    UNION ALL SELECT id FROM simulations WHERE cycle_id = $1
    UNION ALL SELECT id FROM approvals WHERE cycle_id = $1
  ), fact AS (
    SELECT concat_ws(' ', 'cycle', state, phase, error) AS fact FROM research_cycles WHERE id = $1
    UNION ALL SELECT concat_ws(' ', 'hypothesis', ordinal, failure_type, priority, confidence)
      FROM hypotheses WHERE cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'experiment', title, state, skip_reason, detail, runs_requested, runs_permitted)
      FROM experiments WHERE cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'run', e.title, r.ordinal, r.outcome, r.reason)
      FROM experiment_runs r JOIN experiments e ON e.id = r.experiment_id WHERE r.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'failure', failure_type, trigger, severity, failed_runs, assessed_runs, novelty, state)
      FROM failures WHERE cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'failed run', f.failure_type, f.trigger, count(*))
      FROM failure_runs fr JOIN failures f ON f.id = fr.failure_id WHERE f.cycle_id = $1 GROUP BY f.id
    UNION ALL SELECT concat_ws(' ', 'follow-up', f.failure_type, f.trigger, u.state, u.skip_reason, u.result ->> 'summary')
      FROM follow_ups u JOIN failures f ON f.id = u.failure_id WHERE u.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'follow-up play', f.failure_type, r.ordinal, r.step, r.change, r.outcome, r.reason)
      FROM follow_up_runs r JOIN follow_ups u ON u.id = r.follow_up_id JOIN failures f ON f.id = u.failure_id
      WHERE u.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'intervention', f.failure_type, f.trigger, i.ordinal, i.type, i.name)
      FROM interventions i JOIN failures f ON f.id = i.failure_id WHERE i.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'simulation', i.name, s.state, s.skip_reason, s.detail, s.verdict, s.reason)
      FROM simulations s JOIN interventions i ON i.id = s.intervention_id WHERE s.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'replay', i.name, r.control, r.pair, r.lane, r.outcome, r.reason)
      FROM replay_runs r JOIN simulations s ON s.id = r.simulation_id
      JOIN interventions i ON i.id = s.intervention_id WHERE s.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'approval', a.action_type, a.state, d.decision, d.decided_by)
      FROM approvals a LEFT JOIN approval_decisions d ON d.approval_id = a.id WHERE a.cycle_id = $1
    UNION ALL SELECT concat_ws(' ', 'audit', event_type, count(*))
      FROM audit_logs WHERE subject_id IN (SELECT id::text FROM ids) GROUP BY event_type
  )
  SELECT fact FROM fact ORDER BY fact`;

export async function cycleFacts(stack: Stack, cycleId: string): Promise<CycleFacts> {
  const rows = await stack.query<{ fact: string }>(FACTS, [cycleId]);
  return rows.map(({ fact }) => fact);
}

/** How large the memory graph is, in all. */
export async function memorySize(stack: Stack): Promise<{ readonly nodes: number; readonly edges: number }> {
  const [size] = await stack.query<{ nodes: number; edges: number }>(
    `SELECT (SELECT count(*)::int FROM memory_nodes) AS nodes, (SELECT count(*)::int FROM memory_edges) AS edges`,
  );
  return size ?? { nodes: 0, edges: 0 };
}

/** A recorded run or replay lane that asked the target, with what it asked first and what the ledger has of it. */
export interface RecordedPlay {
  readonly operation: string;
  readonly firstRequest: string;
  readonly entries: readonly string[];
}

export async function recordedPlays(stack: Stack, cycleId: string): Promise<readonly RecordedPlay[]> {
  const rows = await stack.query<{
    operation: string;
    seed: number;
    messages: ChatMessage[];
    answered: number;
    entries: string[];
  }>(
    `WITH play AS (
       SELECT 'run/' || id AS operation, seed, transcript FROM experiment_runs WHERE cycle_id = $1
       UNION ALL SELECT 'follow_up/' || r.id, r.seed, r.transcript
       FROM follow_up_runs r JOIN follow_ups u ON u.id = r.follow_up_id WHERE u.cycle_id = $1
       UNION ALL SELECT 'replay/' || r.id, r.seed, r.transcript
       FROM replay_runs r JOIN simulations s ON s.id = r.simulation_id WHERE s.cycle_id = $1
     )
     SELECT operation, seed, transcript -> 'messages' AS messages,
            (transcript #> '{calls,0,messageIndex}')::int AS answered,
            ARRAY(SELECT state FROM cost_ledger l WHERE l.operation = play.operation ORDER BY call_number) AS entries
     FROM play WHERE jsonb_array_length(transcript -> 'calls') > 0`,
    [cycleId],
  );
  return rows.map(({ operation, seed, messages, answered, entries }) => ({
    operation,
    firstRequest: requestDigest(seed, messages.slice(0, answered)),
    entries,
  }));
}

/** Sums of the ledger's entries of a cycle. */
export interface LedgerSums {
  readonly reserved: number;
  readonly unknown: number;
  readonly settledMicroUsd: number;
}

export async function ledgerSums(stack: Stack, cycleId: string): Promise<LedgerSums> {
  const [sums] = await stack.query<LedgerSums>(
    `SELECT count(*) FILTER (WHERE state = 'reserved')::int AS reserved,
            count(*) FILTER (WHERE state = 'unknown')::int AS unknown,
            coalesce(sum(settled_micro_usd), 0)::float8 AS "settledMicroUsd"
     FROM cost_ledger WHERE cycle_id = $1`,
    [cycleId],
  );
  if (sums === undefined) throw new Error('an aggregate has one row');
  return sums;
}

/** Budget periods that do not equal the sums of the entries charged to them. */
export async function wrongPeriods(stack: Stack): Promise<readonly object[]> {
  return stack.query(
    `SELECT b.scope, p.reserved_micro_usd, p.settled_micro_usd, sums.reserved, sums.settled
     FROM budget_periods p JOIN budgets b ON b.id = p.budget_id
     LEFT JOIN LATERAL (
       SELECT coalesce(sum(e.reserved_micro_usd) FILTER (WHERE e.state = 'reserved'), 0) AS reserved,
              coalesce(sum(e.settled_micro_usd), 0) AS settled
       FROM cost_ledger_charges c JOIN cost_ledger e ON e.id = c.entry_id
       WHERE c.budget_id = p.budget_id AND c.period_start = p.period_start
     ) sums ON true
     WHERE (p.reserved_micro_usd, p.settled_micro_usd) IS DISTINCT FROM (sums.reserved, sums.settled)`,
  );
}
