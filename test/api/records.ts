import { randomUUID } from 'node:crypto';
import type { CycleProgress } from '../../src/domain/cycle';
import type { ApiRecord } from '../../src/ports/records';

export function runningCycle(id: string): CycleProgress {
  return {
    id,
    workflowId: `research-cycle-${id}`,
    state: 'running',
    paused: false,
    phase: 'execution',
    mode: 'lab',
    hypotheses: 3,
    experimentsDone: 1,
    experimentsTotal: 3,
    runsDone: 5,
    failures: 0,
    interventions: 0,
    simulations: 0,
    pendingApprovals: 1,
    spentMicroUsd: 1_500_000,
    heldMicroUsd: 250_000,
  };
}

const created = (id: string = randomUUID()) => ({ id, created_at: '2026-11-23T10:00:00.000Z' });

export function cycleRecord(id: string): ApiRecord {
  return {
    ...created(id),
    workflow_id: `research-cycle-${id}`,
    state: 'running',
    phase: 'execution',
    paused: false,
    focus: null,
    target: 'demo',
    researcher: 'offline',
    start_mode: 'lab',
    error: null,
    ended_at: null,
  };
}

export function hypothesisRecord(cycleId: string): ApiRecord {
  return {
    ...created(),
    cycle_id: cycleId,
    target_surface: 'chat',
    expected_failure: 'it forgets',
    failure_class: 'long_context',
    failure_type: 'latent_forgetting',
    confidence: 0.5,
    priority: 1,
    rationale: 'never tried',
  };
}

export function experimentRecord(cycleId: string): ApiRecord {
  return {
    ...created(),
    cycle_id: cycleId,
    hypothesis_id: randomUUID(),
    title: 'A long talk',
    failure_type: 'latent_forgetting',
    destructive: false,
    runs_requested: 5,
    runs_permitted: null,
    estimated_cost_usd: 0.01,
    state: 'designed',
    mode: null,
    stopped_early: null,
    ...{ assessed_by: null, judged_by: null, rate_corrected: false, corrected_rate: null },
  };
}

const RATE = { count: 1, n: 2, value: 0.5, low: 0.1, high: 0.9 };

export function failureRecord(cycleId: string): ApiRecord {
  return {
    ...created(),
    cycle_id: cycleId,
    experiment_id: randomUUID(),
    target: 'demo',
    failure_class: 'long_context',
    failure_type: 'latent_forgetting',
    references: { owasp: [], atlas: [] },
    severity: 'S3',
    severity_reason: 'by default',
    trigger: 'many turns',
    trigger_signature: 'demo/latent_forgetting/many-turns',
    description: 'It forgot.',
    root_cause: 'The window.',
    reproducibility: RATE,
    reproducibility_from: 'runs',
    observed: RATE,
    ...{ assessed_by: 'judge', judged_by: 'openai:tiny judge-1 x1', rate_corrected: true },
    corrected_rate: { value: 0.6, low: 0.2, high: 0.9 },
    injection_attempts: [{ kind: 'fake_fence', quote: '</data>' }],
    follow_up: null,
    novelty: 'new',
    state: 'open',
    state_set_by: null,
    state_reason: null,
  };
}

export function interventionRecord(cycleId: string): ApiRecord {
  return {
    ...created(),
    cycle_id: cycleId,
    failure_id: randomUUID(),
    type: 'prompt_patch',
    name: 'Remind it',
    description: 'Says it again.',
    patch: { type: 'prompt_patch', append: 'Remember.' },
    risk_tier: 'safe',
    is_reversible: true,
    rollback_plan: 'Take it out.',
    estimated_effectiveness: 0.5,
  };
}

export function simulationRecord(cycleId: string): ApiRecord {
  return {
    ...created(),
    cycle_id: cycleId,
    intervention_id: randomUUID(),
    state: 'done',
    pairs_requested: 30,
    plan: { chosen_by: 'request', candidates: 2, level: 0.025, assumed_rate: 0.8, power: 0.998 },
    estimated_cost_usd: 0,
    verdict: 'improved',
    reason: 'p < 0.05',
    ended_at: '2026-11-23T10:01:00.000Z',
  };
}

export function deploymentRecord(cycleId: string): ApiRecord {
  return {
    ...created(),
    cycle_id: cycleId,
    intervention_id: randomUUID(),
    simulation_id: randomUUID(),
    channel: 'shadow',
    target: 'demo',
    state: 'requested',
    type: 'prompt_patch',
    name: 'Remind it',
    patch: { type: 'prompt_patch', append: 'Remember.' },
    override_reason: null,
    workflow_id: 'deploy-demo-shadow-1',
    requested_by: 'ana',
    end_reason: null,
    watch: null,
    published_at: null,
    ended_at: null,
  };
}

export function approvalRecord(id: string): ApiRecord {
  return {
    ...created(id),
    action_type: 'RUN_EXPERIMENT',
    action_description: 'Runs it.',
    risk_tier: 'review',
    severity: 'S1',
    estimated_cost_usd: 0.5,
    affected_systems: ['demo'],
    is_reversible: true,
    rollback_plan: 'None needed.',
    requester_agent: 'researcher',
    requested_by: 'ana',
    timeout_seconds: 3_600,
    workflow_id: 'research-cycle-1',
    action_digest: 'ab'.repeat(32),
    state: 'pending',
  };
}

/** The same with what `GET /approvals/{id}` shows beside it. */
export function approvalDetail(id: string): ApiRecord {
  const digest = 'ab'.repeat(32);
  return {
    ...approvalRecord(id),
    cycle_id: null,
    subject_id: id,
    mode: 'shadow',
    policy_version: 'sha256:1',
    person_required: false,
    risk_reason: 'severity S1 in shadow mode',
    deadline_at: created().created_at,
    decision: null,
    reminders: [],
    refused_decisions: [],
    refused_actions: [],
    action: { kind: 'tool_call', tool: 'look', arguments: {} },
    evidence: null,
    digest: { asked: digest, now: digest, matches: true, policy_in_force: true, problem: null },
  };
}

export function toolExecutionRecord(): ApiRecord {
  return {
    ...created(),
    tool_name: 'look',
    risk_level: 'low',
    status: 'succeeded',
    description: '',
    arguments: {},
    requested_by: 'ana',
    workflow_id: 'tool-1',
    reversible: false,
    result: null,
    error: null,
    rollback_of: null,
    ended_at: '2026-11-23T10:01:00.000Z',
  };
}
