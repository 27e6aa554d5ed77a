-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "research_cycles" (
    "id" UUID NOT NULL,
    "workflow_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "phase" TEXT NOT NULL DEFAULT 'hypothesis_generation',
    "focus" TEXT,
    "target" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "request_version" INTEGER NOT NULL DEFAULT 1,
    "request_hash" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "researcher" TEXT NOT NULL,
    "researcher_version" TEXT NOT NULL,
    "start_mode" TEXT NOT NULL,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "research_cycles_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "hypotheses" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "target_surface" TEXT NOT NULL,
    "expected_failure" TEXT NOT NULL,
    "failure_class" TEXT NOT NULL,
    "failure_type" TEXT NOT NULL,
    "confidence" DOUBLE PRECISION NOT NULL,
    "priority" INTEGER NOT NULL,
    "rationale" TEXT NOT NULL,
    "researcher" TEXT NOT NULL,
    "researcher_version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "hypotheses_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "experiments" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "hypothesis_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "failure_type" TEXT NOT NULL,
    "design" JSONB NOT NULL,
    "design_version" INTEGER NOT NULL DEFAULT 1,
    "destructive" BOOLEAN NOT NULL,
    "runs_requested" INTEGER NOT NULL,
    "estimated_cost_micro_usd" BIGINT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'designed',
    "skip_reason" TEXT,
    "detail" TEXT,
    "mode" TEXT,
    "runs_permitted" INTEGER,
    "researcher" TEXT NOT NULL,
    "researcher_version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "experiments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "experiment_runs" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "experiment_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "case_index" INTEGER NOT NULL,
    "seed" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "detail" TEXT,
    "evidence" JSONB NOT NULL,
    "transcript" JSONB NOT NULL,
    "transcript_version" INTEGER NOT NULL DEFAULT 1,
    "input_tokens" INTEGER NOT NULL,
    "output_tokens" INTEGER NOT NULL,
    "cost_micro_usd" BIGINT NOT NULL,
    "latency_ms" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "experiment_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "failures" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "experiment_id" UUID NOT NULL,
    "target" TEXT NOT NULL,
    "failure_class" TEXT NOT NULL,
    "failure_type" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "severity_reason" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "trigger_signature" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "root_cause" TEXT NOT NULL,
    "impact" DOUBLE PRECISION NOT NULL,
    "impact_reason" TEXT NOT NULL,
    "failed_runs" INTEGER NOT NULL,
    "assessed_runs" INTEGER NOT NULL,
    "wilson_low" DOUBLE PRECISION NOT NULL,
    "wilson_high" DOUBLE PRECISION NOT NULL,
    "novelty" TEXT NOT NULL,
    "previous_failure_id" UUID,
    "state" TEXT NOT NULL DEFAULT 'open',
    "evidence" JSONB NOT NULL,
    "evidence_version" INTEGER NOT NULL DEFAULT 1,
    "researcher" TEXT NOT NULL,
    "researcher_version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state_changed_at" TIMESTAMPTZ(3),

    CONSTRAINT "failures_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "failure_runs" (
    "failure_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,

    CONSTRAINT "failure_runs_pkey" PRIMARY KEY ("failure_id","run_id")
);

-- CreateTable
CREATE TABLE "interventions" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "failure_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "patch" JSONB NOT NULL,
    "patch_version" INTEGER NOT NULL DEFAULT 1,
    "risk_tier" TEXT NOT NULL,
    "is_reversible" BOOLEAN NOT NULL,
    "rollback_plan" TEXT NOT NULL,
    "estimated_effectiveness" DOUBLE PRECISION NOT NULL,
    "researcher" TEXT NOT NULL,
    "researcher_version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "interventions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "simulations" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "intervention_id" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'planned',
    "skip_reason" TEXT,
    "detail" TEXT,
    "pairs_requested" INTEGER NOT NULL,
    "estimated_cost_micro_usd" BIGINT NOT NULL,
    "verdict" TEXT,
    "reason" TEXT,
    "result" JSONB,
    "result_version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "simulations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "replay_runs" (
    "id" UUID NOT NULL,
    "simulation_id" UUID NOT NULL,
    "control" BOOLEAN NOT NULL,
    "pair" INTEGER NOT NULL,
    "lane" TEXT NOT NULL,
    "source_run_id" UUID,
    "case_index" INTEGER NOT NULL,
    "seed" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "detail" TEXT,
    "evidence" JSONB NOT NULL,
    "transcript" JSONB NOT NULL,
    "transcript_version" INTEGER NOT NULL DEFAULT 1,
    "input_tokens" INTEGER NOT NULL,
    "output_tokens" INTEGER NOT NULL,
    "cost_micro_usd" BIGINT NOT NULL,
    "latency_ms" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "replay_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployments" (
    "id" UUID NOT NULL,
    "intervention_id" UUID NOT NULL,
    "channel" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "configuration" JSONB NOT NULL,
    "configuration_version" INTEGER NOT NULL DEFAULT 1,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "deployments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approvals" (
    "id" UUID NOT NULL,
    "cycle_id" UUID,
    "workflow_id" TEXT NOT NULL,
    "action_type" TEXT NOT NULL,
    "action_description" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "risk_tier" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "estimated_cost_micro_usd" BIGINT NOT NULL,
    "affected_systems" TEXT[],
    "is_reversible" BOOLEAN NOT NULL,
    "rollback_plan" TEXT NOT NULL,
    "requester_agent" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "mode_version" INTEGER NOT NULL,
    "policy_version" TEXT NOT NULL,
    "action_digest" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "deadline_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval_decisions" (
    "id" UUID NOT NULL,
    "approval_id" UUID NOT NULL,
    "decision" TEXT NOT NULL,
    "decided_by" TEXT,
    "reason" TEXT,
    "via" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "approval_decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "mode_state" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "mode" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mode_state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "mode_transitions" (
    "id" UUID NOT NULL,
    "from_mode" TEXT,
    "to_mode" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "reason" TEXT,
    "requested_by" TEXT NOT NULL,
    "workflow_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mode_transitions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tool_executions" (
    "id" UUID NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "cycle_id" UUID,
    "tool_name" TEXT NOT NULL,
    "risk_level" TEXT NOT NULL,
    "arguments" JSONB NOT NULL,
    "arguments_digest" TEXT NOT NULL,
    "approval_id" UUID,
    "status" TEXT NOT NULL,
    "result" JSONB,
    "result_version" INTEGER NOT NULL DEFAULT 1,
    "error" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "tool_executions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "llm_calls" (
    "id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "ledger_key" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "prompt_version" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "response" JSONB,
    "response_version" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL,
    "error" TEXT,
    "latency_ms" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "llm_calls_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budgets" (
    "id" UUID NOT NULL,
    "scope" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "limit_micro_usd" BIGINT,
    "warn_threshold" DOUBLE PRECISION NOT NULL DEFAULT 0.8,
    "hard_limit" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budgets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_periods" (
    "budget_id" UUID NOT NULL,
    "period_start" TIMESTAMPTZ(3) NOT NULL,
    "reserved_micro_usd" BIGINT NOT NULL DEFAULT 0,
    "settled_micro_usd" BIGINT NOT NULL DEFAULT 0,
    "overrun" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "budget_periods_pkey" PRIMARY KEY ("budget_id","period_start")
);

-- CreateTable
CREATE TABLE "cost_ledger" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "call_number" INTEGER NOT NULL,
    "cycle_id" UUID,
    "source" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "reserved_micro_usd" BIGINT NOT NULL,
    "settled_micro_usd" BIGINT,
    "state" TEXT NOT NULL DEFAULT 'reserved',
    "input_tokens" INTEGER,
    "output_tokens" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "cost_ledger_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cost_ledger_charges" (
    "entry_id" UUID NOT NULL,
    "budget_id" UUID NOT NULL,
    "period_start" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "cost_ledger_charges_pkey" PRIMARY KEY ("entry_id","budget_id")
);

-- CreateTable
CREATE TABLE "audit_logs" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "details" JSONB NOT NULL,
    "details_version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_chain" (
    "seq" BIGINT NOT NULL,
    "log_id" UUID NOT NULL,
    "hmac" TEXT NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_chain_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "memory_nodes" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "data_version" INTEGER NOT NULL DEFAULT 1,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "memory_nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memory_edges" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "from_id" UUID NOT NULL,
    "to_id" UUID NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "memory_edges_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "traces" (
    "trace_id" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "ingested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "traces_pkey" PRIMARY KEY ("trace_id")
);

-- CreateTable
CREATE TABLE "spans" (
    "trace_id" TEXT NOT NULL,
    "span_id" TEXT NOT NULL,
    "parent_span_id" TEXT,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "start_unix_nano" BIGINT NOT NULL,
    "end_unix_nano" BIGINT,
    "status_code" TEXT NOT NULL,
    "status_message" TEXT,
    "attributes" JSONB NOT NULL,
    "events" JSONB NOT NULL,
    "links" JSONB NOT NULL,
    "resource" JSONB NOT NULL,
    "attributes_version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "spans_pkey" PRIMARY KEY ("trace_id","span_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "research_cycles_workflow_id_key" ON "research_cycles"("workflow_id");

-- CreateIndex
CREATE INDEX "research_cycles_created_at_id_idx" ON "research_cycles"("created_at", "id");

-- CreateIndex
CREATE INDEX "research_cycles_state_idx" ON "research_cycles"("state");

-- CreateIndex
CREATE INDEX "hypotheses_created_at_id_idx" ON "hypotheses"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "hypotheses_cycle_id_ordinal_key" ON "hypotheses"("cycle_id", "ordinal");

-- CreateIndex
CREATE INDEX "experiments_cycle_id_idx" ON "experiments"("cycle_id");

-- CreateIndex
CREATE INDEX "experiments_created_at_id_idx" ON "experiments"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "experiments_hypothesis_id_ordinal_key" ON "experiments"("hypothesis_id", "ordinal");

-- CreateIndex
CREATE INDEX "experiment_runs_cycle_id_idx" ON "experiment_runs"("cycle_id");

-- CreateIndex
CREATE UNIQUE INDEX "experiment_runs_experiment_id_ordinal_key" ON "experiment_runs"("experiment_id", "ordinal");

-- CreateIndex
CREATE INDEX "failures_target_trigger_signature_created_at_idx" ON "failures"("target", "trigger_signature", "created_at");

-- CreateIndex
CREATE INDEX "failures_created_at_id_idx" ON "failures"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "failures_cycle_id_trigger_signature_key" ON "failures"("cycle_id", "trigger_signature");

-- CreateIndex
CREATE INDEX "interventions_created_at_id_idx" ON "interventions"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "interventions_failure_id_ordinal_key" ON "interventions"("failure_id", "ordinal");

-- CreateIndex
CREATE INDEX "simulations_created_at_id_idx" ON "simulations"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "simulations_cycle_id_intervention_id_key" ON "simulations"("cycle_id", "intervention_id");

-- CreateIndex
CREATE UNIQUE INDEX "replay_runs_simulation_id_control_pair_lane_key" ON "replay_runs"("simulation_id", "control", "pair", "lane");

-- CreateIndex
CREATE INDEX "approvals_state_created_at_idx" ON "approvals"("state", "created_at");

-- CreateIndex
CREATE INDEX "approvals_cycle_id_idx" ON "approvals"("cycle_id");

-- CreateIndex
CREATE UNIQUE INDEX "approval_decisions_approval_id_key" ON "approval_decisions"("approval_id");

-- CreateIndex
CREATE INDEX "approval_decisions_decided_at_id_idx" ON "approval_decisions"("decided_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "mode_transitions_version_key" ON "mode_transitions"("version");

-- CreateIndex
CREATE UNIQUE INDEX "tool_executions_idempotency_key_key" ON "tool_executions"("idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "llm_calls_ledger_key_key" ON "llm_calls"("ledger_key");

-- CreateIndex
CREATE INDEX "llm_calls_cycle_id_idx" ON "llm_calls"("cycle_id");

-- CreateIndex
CREATE UNIQUE INDEX "budgets_scope_key" ON "budgets"("scope");

-- CreateIndex
CREATE UNIQUE INDEX "cost_ledger_key_key" ON "cost_ledger"("key");

-- CreateIndex
CREATE INDEX "cost_ledger_cycle_id_state_idx" ON "cost_ledger"("cycle_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "cost_ledger_operation_call_number_key" ON "cost_ledger"("operation", "call_number");

-- CreateIndex
CREATE UNIQUE INDEX "audit_logs_key_key" ON "audit_logs"("key");

-- CreateIndex
CREATE INDEX "audit_logs_created_at_id_idx" ON "audit_logs"("created_at", "id");

-- CreateIndex
CREATE INDEX "audit_logs_event_type_created_at_idx" ON "audit_logs"("event_type", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "audit_chain_log_id_key" ON "audit_chain"("log_id");

-- CreateIndex
CREATE UNIQUE INDEX "memory_nodes_kind_key_key" ON "memory_nodes"("kind", "key");

-- CreateIndex
CREATE INDEX "memory_edges_from_id_idx" ON "memory_edges"("from_id");

-- CreateIndex
CREATE INDEX "memory_edges_to_id_idx" ON "memory_edges"("to_id");

-- CreateIndex
CREATE UNIQUE INDEX "memory_edges_kind_from_id_to_id_key" ON "memory_edges"("kind", "from_id", "to_id");

-- AddForeignKey
ALTER TABLE "hypotheses" ADD CONSTRAINT "hypotheses_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_hypothesis_id_fkey" FOREIGN KEY ("hypothesis_id") REFERENCES "hypotheses"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiment_runs" ADD CONSTRAINT "experiment_runs_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiment_runs" ADD CONSTRAINT "experiment_runs_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "failures" ADD CONSTRAINT "failures_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "failures" ADD CONSTRAINT "failures_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "failures" ADD CONSTRAINT "failures_previous_failure_id_fkey" FOREIGN KEY ("previous_failure_id") REFERENCES "failures"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "failure_runs" ADD CONSTRAINT "failure_runs_failure_id_fkey" FOREIGN KEY ("failure_id") REFERENCES "failures"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "failure_runs" ADD CONSTRAINT "failure_runs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "experiment_runs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "interventions" ADD CONSTRAINT "interventions_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "interventions" ADD CONSTRAINT "interventions_failure_id_fkey" FOREIGN KEY ("failure_id") REFERENCES "failures"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "simulations" ADD CONSTRAINT "simulations_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "simulations" ADD CONSTRAINT "simulations_intervention_id_fkey" FOREIGN KEY ("intervention_id") REFERENCES "interventions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "replay_runs" ADD CONSTRAINT "replay_runs_simulation_id_fkey" FOREIGN KEY ("simulation_id") REFERENCES "simulations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "replay_runs" ADD CONSTRAINT "replay_runs_source_run_id_fkey" FOREIGN KEY ("source_run_id") REFERENCES "experiment_runs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_intervention_id_fkey" FOREIGN KEY ("intervention_id") REFERENCES "interventions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approval_decisions" ADD CONSTRAINT "approval_decisions_approval_id_fkey" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tool_executions" ADD CONSTRAINT "tool_executions_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "llm_calls" ADD CONSTRAINT "llm_calls_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget_periods" ADD CONSTRAINT "budget_periods_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budgets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cost_ledger" ADD CONSTRAINT "cost_ledger_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cost_ledger_charges" ADD CONSTRAINT "cost_ledger_charges_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "cost_ledger"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cost_ledger_charges" ADD CONSTRAINT "cost_ledger_charges_budget_id_period_start_fkey" FOREIGN KEY ("budget_id", "period_start") REFERENCES "budget_periods"("budget_id", "period_start") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_chain" ADD CONSTRAINT "audit_chain_log_id_fkey" FOREIGN KEY ("log_id") REFERENCES "audit_logs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memory_edges" ADD CONSTRAINT "memory_edges_from_id_fkey" FOREIGN KEY ("from_id") REFERENCES "memory_nodes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memory_edges" ADD CONSTRAINT "memory_edges_to_id_fkey" FOREIGN KEY ("to_id") REFERENCES "memory_nodes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "spans" ADD CONSTRAINT "spans_trace_id_fkey" FOREIGN KEY ("trace_id") REFERENCES "traces"("trace_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What follows Prisma does not see: functions, checks and triggers. test/persistence/migrations.test.ts holds them to the domain.

-- The class of a failure type; null for a type that is not in the taxonomy.
CREATE FUNCTION failure_class_of(failure_type text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN failure_type IN (
      'spurious_inference', 'goal_drift', 'contradiction_loop', 'context_collapse', 'instruction_override', 'logic_error'
    ) THEN 'reasoning'
    WHEN failure_type IN (
      'attention_dilution', 'latent_forgetting', 'retrieval_dominance', 'position_bias', 'context_overflow', 'recency_bias'
    ) THEN 'long_context'
    WHEN failure_type IN (
      'tool_hallucination', 'chain_misorder', 'retry_amplification', 'destructive_call', 'parameter_error', 'tool_loop',
      'wrong_tool_selection'
    ) THEN 'tool_use'
    WHEN failure_type IN (
      'reward_hacking', 'confirmation_drift', 'memory_poisoning', 'echo_chamber', 'distributional_shift'
    ) THEN 'feedback_loop'
    WHEN failure_type IN (
      'latency_collapse', 'cost_runaway', 'safety_regression', 'rate_limit_exhaustion', 'cascading_failure',
      'resource_exhaustion'
    ) THEN 'deployment'
  END
$$;

-- Checks: closed sets, ranges, and states that agree with their times.

ALTER TABLE research_cycles
  ADD CONSTRAINT research_cycles_state_check
    CHECK (state IN ('running', 'completed', 'budget_exhausted', 'cancelled', 'failed')),
  ADD CONSTRAINT research_cycles_phase_check CHECK (phase IN (
    'hypothesis_generation', 'experiment_design', 'execution', 'failure_discovery', 'intervention_design', 'simulation',
    'learning'
  )),
  ADD CONSTRAINT research_cycles_start_mode_check CHECK (start_mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT research_cycles_ended_check CHECK ((state = 'running') = (ended_at IS NULL));

ALTER TABLE hypotheses
  ADD CONSTRAINT hypotheses_type_check CHECK (failure_class_of(failure_type) IS NOT NULL),
  ADD CONSTRAINT hypotheses_class_check CHECK (failure_class = failure_class_of(failure_type)),
  ADD CONSTRAINT hypotheses_ordinal_check CHECK (ordinal >= 0),
  ADD CONSTRAINT hypotheses_confidence_check CHECK (confidence BETWEEN 0 AND 1),
  ADD CONSTRAINT hypotheses_priority_check CHECK (priority >= 1);

ALTER TABLE experiments
  ADD CONSTRAINT experiments_type_check CHECK (failure_class_of(failure_type) IS NOT NULL),
  ADD CONSTRAINT experiments_state_check CHECK (state IN ('designed', 'running', 'done', 'skipped', 'failed')),
  ADD CONSTRAINT experiments_mode_check CHECK (mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT experiments_ordinal_check CHECK (ordinal >= 0),
  ADD CONSTRAINT experiments_runs_check CHECK (runs_requested >= 1 AND runs_permitted BETWEEN 0 AND runs_requested),
  ADD CONSTRAINT experiments_cost_check CHECK (estimated_cost_micro_usd >= 0),
  ADD CONSTRAINT experiments_started_check CHECK (
    state NOT IN ('running', 'done') OR (started_at IS NOT NULL AND mode IS NOT NULL AND runs_permitted IS NOT NULL)
  ),
  ADD CONSTRAINT experiments_skipped_check CHECK (state <> 'skipped' OR skip_reason IS NOT NULL),
  ADD CONSTRAINT experiments_ended_check CHECK ((state IN ('done', 'skipped', 'failed')) = (ended_at IS NOT NULL));

ALTER TABLE experiment_runs
  ADD CONSTRAINT experiment_runs_outcome_check CHECK (outcome IN ('failed', 'held', 'unassessed')),
  ADD CONSTRAINT experiment_runs_reason_check CHECK (
    reason IN ('target_error', 'timeout', 'budget', 'judge_error', 'cancelled', 'refused_by_mode')
  ),
  ADD CONSTRAINT experiment_runs_unassessed_check CHECK ((outcome = 'unassessed') = (reason IS NOT NULL)),
  ADD CONSTRAINT experiment_runs_figures_check CHECK (
    ordinal >= 0 AND case_index >= 0 AND input_tokens >= 0 AND output_tokens >= 0 AND cost_micro_usd >= 0
    AND latency_ms >= 0
  );

ALTER TABLE failures
  ADD CONSTRAINT failures_type_check CHECK (failure_class_of(failure_type) IS NOT NULL),
  ADD CONSTRAINT failures_class_check CHECK (failure_class = failure_class_of(failure_type)),
  ADD CONSTRAINT failures_severity_check CHECK (severity IN ('S0', 'S1', 'S2', 'S3', 'S4')),
  ADD CONSTRAINT failures_novelty_check CHECK (novelty IN ('new', 'seen', 'regressed')),
  ADD CONSTRAINT failures_previous_check CHECK ((novelty = 'new') = (previous_failure_id IS NULL)),
  ADD CONSTRAINT failures_state_check CHECK (state IN ('open', 'not_reproduced', 'resolved')),
  ADD CONSTRAINT failures_impact_check CHECK (impact BETWEEN 0 AND 1),
  ADD CONSTRAINT failures_runs_check CHECK (failed_runs BETWEEN 1 AND assessed_runs),
  ADD CONSTRAINT failures_wilson_check CHECK (0 <= wilson_low AND wilson_low <= wilson_high AND wilson_high <= 1);

ALTER TABLE interventions
  ADD CONSTRAINT interventions_type_check CHECK (type IN (
    'prompt_patch', 'guardrail', 'tool_policy', 'parameter_change', 'retrieval_change', 'architectural_recommendation'
  )),
  ADD CONSTRAINT interventions_risk_tier_check CHECK (risk_tier IN ('safe', 'review', 'block')),
  ADD CONSTRAINT interventions_ordinal_check CHECK (ordinal >= 0),
  ADD CONSTRAINT interventions_effectiveness_check CHECK (estimated_effectiveness BETWEEN 0 AND 1);

ALTER TABLE simulations
  ADD CONSTRAINT simulations_state_check CHECK (state IN ('planned', 'running', 'done', 'skipped', 'failed')),
  ADD CONSTRAINT simulations_verdict_check CHECK (
    verdict IN ('improved', 'no_change', 'degraded', 'side_effect', 'inconclusive')
  ),
  ADD CONSTRAINT simulations_pairs_check CHECK (pairs_requested >= 1),
  ADD CONSTRAINT simulations_cost_check CHECK (estimated_cost_micro_usd >= 0),
  ADD CONSTRAINT simulations_done_check CHECK ((state = 'done') = (verdict IS NOT NULL)),
  ADD CONSTRAINT simulations_skipped_check CHECK (state <> 'skipped' OR skip_reason IS NOT NULL),
  ADD CONSTRAINT simulations_ended_check CHECK ((state IN ('done', 'skipped', 'failed')) = (ended_at IS NOT NULL));

ALTER TABLE replay_runs
  ADD CONSTRAINT replay_runs_lane_check CHECK (lane IN ('baseline', 'candidate')),
  ADD CONSTRAINT replay_runs_source_check CHECK (NOT control OR source_run_id IS NULL),
  ADD CONSTRAINT replay_runs_outcome_check CHECK (outcome IN ('failed', 'held', 'unassessed')),
  ADD CONSTRAINT replay_runs_reason_check CHECK (
    reason IN ('target_error', 'timeout', 'budget', 'judge_error', 'cancelled', 'refused_by_mode')
  ),
  ADD CONSTRAINT replay_runs_unassessed_check CHECK ((outcome = 'unassessed') = (reason IS NOT NULL)),
  ADD CONSTRAINT replay_runs_figures_check CHECK (
    pair >= 0 AND case_index >= 0 AND input_tokens >= 0 AND output_tokens >= 0 AND cost_micro_usd >= 0 AND latency_ms >= 0
  );

ALTER TABLE approvals
  ADD CONSTRAINT approvals_action_type_check CHECK (action_type IN (
    'RUN_EXPERIMENT', 'DESTRUCTIVE_TEST', 'RUN_SIMULATION', 'DEPLOY_INTERVENTION', 'ROLLBACK_INTERVENTION', 'TOOL_CALL',
    'MODE_TRANSITION', 'PROMPT_MUTATION', 'TOOL_POLICY_CHANGE', 'MEMORY_GATING', 'FINE_TUNE', 'CONFIG_CHANGE',
    'DESTRUCTIVE_TOOL_CALL', 'SAFETY_FILTER_CHANGE'
  )),
  ADD CONSTRAINT approvals_risk_tier_check CHECK (risk_tier IN ('safe', 'review', 'block')),
  ADD CONSTRAINT approvals_severity_check CHECK (severity IN ('S0', 'S1', 'S2', 'S3', 'S4')),
  ADD CONSTRAINT approvals_mode_check CHECK (mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT approvals_state_check CHECK (state IN ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  ADD CONSTRAINT approvals_cost_check CHECK (estimated_cost_micro_usd >= 0);

ALTER TABLE approval_decisions
  ADD CONSTRAINT approval_decisions_decision_check
    CHECK (decision IN ('approved', 'rejected', 'expired', 'cancelled')),
  ADD CONSTRAINT approval_decisions_via_check CHECK (via IN ('update', 'signal', 'policy', 'deadline', 'cycle'));

ALTER TABLE mode_state
  ADD CONSTRAINT mode_state_single_row_check CHECK (id = 1),
  ADD CONSTRAINT mode_state_mode_check CHECK (mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT mode_state_version_check CHECK (version >= 1);

ALTER TABLE mode_transitions
  ADD CONSTRAINT mode_transitions_from_mode_check CHECK (from_mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT mode_transitions_to_mode_check CHECK (to_mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT mode_transitions_version_check CHECK (version >= 1);

ALTER TABLE tool_executions
  ADD CONSTRAINT tool_executions_risk_level_check CHECK (risk_level IN ('low', 'medium', 'high', 'destructive'));

ALTER TABLE llm_calls
  ADD CONSTRAINT llm_calls_status_check CHECK (status IN ('answered', 'invalid', 'error')),
  ADD CONSTRAINT llm_calls_latency_check CHECK (latency_ms >= 0);

ALTER TABLE budgets
  ADD CONSTRAINT budgets_period_check
    CHECK (period IN ('hourly', 'daily', 'weekly', 'monthly', 'session', 'unlimited')),
  ADD CONSTRAINT budgets_limit_check CHECK (limit_micro_usd >= 0),
  ADD CONSTRAINT budgets_warn_threshold_check CHECK (warn_threshold BETWEEN 0 AND 1);

ALTER TABLE budget_periods
  ADD CONSTRAINT budget_periods_money_check CHECK (reserved_micro_usd >= 0 AND settled_micro_usd >= 0);

ALTER TABLE cost_ledger
  ADD CONSTRAINT cost_ledger_key_check CHECK (call_number >= 1 AND key = operation || '#' || call_number),
  ADD CONSTRAINT cost_ledger_source_check CHECK (source IN ('researcher', 'target', 'judge')),
  ADD CONSTRAINT cost_ledger_state_check CHECK (state IN ('reserved', 'settled', 'released', 'unknown')),
  ADD CONSTRAINT cost_ledger_money_check CHECK (reserved_micro_usd >= 0 AND settled_micro_usd >= 0),
  ADD CONSTRAINT cost_ledger_tokens_check CHECK (input_tokens >= 0 AND output_tokens >= 0),
  ADD CONSTRAINT cost_ledger_settled_check CHECK (
    (state = 'reserved') = (settled_micro_usd IS NULL) AND (state = 'reserved') = (settled_at IS NULL)
  );

ALTER TABLE audit_chain
  ADD CONSTRAINT audit_chain_seq_check CHECK (seq >= 1),
  ADD CONSTRAINT audit_chain_hmac_check CHECK (hmac ~ '^[0-9a-f]{64}$');

ALTER TABLE memory_nodes
  ADD CONSTRAINT memory_nodes_kind_check CHECK (kind IN (
    'model_version', 'hypothesis', 'experiment', 'run', 'failure_mode', 'intervention', 'simulation', 'deployment',
    'rollback'
  )),
  ADD CONSTRAINT memory_nodes_valid_check CHECK (valid_to >= valid_from);

ALTER TABLE memory_edges
  ADD CONSTRAINT memory_edges_kind_check CHECK (kind IN (
    'tested_in', 'executed_as', 'observed_in', 'caused_by', 'addressed_by', 'simulated_by', 'deployed_as',
    'rolled_back_by', 'regressed_as', 'evolved_into'
  )),
  ADD CONSTRAINT memory_edges_valid_check CHECK (valid_to >= valid_from);

ALTER TABLE traces
  ADD CONSTRAINT traces_trace_id_check CHECK (trace_id ~ '^[0-9a-f]{32}$');

ALTER TABLE spans
  ADD CONSTRAINT spans_span_id_check CHECK (span_id ~ '^[0-9a-f]{16}$'),
  ADD CONSTRAINT spans_parent_span_id_check CHECK (parent_span_id ~ '^[0-9a-f]{16}$');

-- The audit tables only grow.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, lower(TG_OP) USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The cost ledger. Both functions lock the budget periods they touch in the order of their keys, before any ledger row.

CREATE FUNCTION budget_period_start(period text, at timestamptz, session_start timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE period
    WHEN 'hourly' THEN date_trunc('hour', at, 'UTC')
    WHEN 'daily' THEN date_trunc('day', at, 'UTC')
    WHEN 'weekly' THEN date_trunc('week', at, 'UTC')
    WHEN 'monthly' THEN date_trunc('month', at, 'UTC')
    WHEN 'session' THEN session_start
    WHEN 'unlimited' THEN to_timestamp(0)
  END
$$;

-- settlements: [{key, outcome: settled | released | unknown, amount?, input_tokens?, output_tokens?}]
-- Entries that are not reserved (any more) stay as they are. A bill above its reservation marks its periods as overrun.
CREATE FUNCTION ledger_settle(settlements jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM budget_periods p
    WHERE (p.budget_id, p.period_start) IN (
      SELECT c.budget_id, c.period_start
      FROM jsonb_to_recordset(settlements) AS s(key text)
      JOIN cost_ledger e ON e.key = s.key
      JOIN cost_ledger_charges c ON c.entry_id = e.id
    )
    ORDER BY p.budget_id, p.period_start FOR UPDATE;

  WITH bill AS (
    SELECT DISTINCT ON (key) key, outcome, amount, input_tokens, output_tokens
    FROM jsonb_to_recordset(settlements)
      AS s(key text, outcome text, amount bigint, input_tokens int, output_tokens int)
    ORDER BY key
  ), done AS (
    UPDATE cost_ledger e
    SET state = bill.outcome,
        settled_micro_usd = CASE bill.outcome
          WHEN 'settled' THEN bill.amount WHEN 'released' THEN 0 ELSE e.reserved_micro_usd
        END,
        input_tokens = bill.input_tokens,
        output_tokens = bill.output_tokens,
        settled_at = clock_timestamp()
    FROM bill
    WHERE e.key = bill.key AND e.state = 'reserved'
    RETURNING e.id, e.reserved_micro_usd, e.settled_micro_usd
  ), total AS (
    SELECT c.budget_id, c.period_start, sum(done.reserved_micro_usd) AS reserved, sum(done.settled_micro_usd) AS settled,
           bool_or(done.settled_micro_usd > done.reserved_micro_usd) AS overrun
    FROM done JOIN cost_ledger_charges c ON c.entry_id = done.id
    GROUP BY c.budget_id, c.period_start
  )
  UPDATE budget_periods p
  SET reserved_micro_usd = p.reserved_micro_usd - total.reserved,
      settled_micro_usd = p.settled_micro_usd + total.settled,
      overrun = p.overrun OR total.overrun
  FROM total
  WHERE p.budget_id = total.budget_id AND p.period_start = total.period_start;
END
$$;

-- request: {cycle_id, mode_version?, session_start, scopes: [{scope, period, limit (null: none), hard}],
--           entries: [{operation, source, model, amount}]}
-- Answers {mode_changed: true} when the mode has another version, else {reservations: [{operation, key} or
-- {operation, full_scope}]} in the order of the entries. Scopes are made, and their limits adjusted, as the request says.
CREATE FUNCTION ledger_reserve(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := clock_timestamp();
  open_keys jsonb;
  budget_ids uuid[];
  starts timestamptz[];
  scopes text[];
  room bigint[]; -- null: unlimited
  reserved bigint := 0;
  entry record;
  full_scope text;
  entry_id uuid;
  answers jsonb := '[]';
BEGIN
  IF request ? 'mode_version' THEN
    PERFORM 1 FROM mode_state WHERE id = 1 AND version = (request ->> 'mode_version')::int FOR SHARE;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('mode_changed', true);
    END IF;
  END IF;

  INSERT INTO budgets (id, scope, period, limit_micro_usd, hard_limit)
    SELECT gen_random_uuid(), s.scope, s.period, s."limit", s.hard
    FROM jsonb_to_recordset(request -> 'scopes') AS s(scope text, period text, "limit" bigint, hard boolean)
    WHERE NOT EXISTS (SELECT 1 FROM budgets b WHERE b.scope = s.scope)
    ORDER BY s.scope
    ON CONFLICT (scope) DO NOTHING;
  UPDATE budgets b
    SET period = s.period, limit_micro_usd = s."limit", hard_limit = s.hard
    FROM jsonb_to_recordset(request -> 'scopes') AS s(scope text, period text, "limit" bigint, hard boolean)
    WHERE b.scope = s.scope
      AND (b.period, b.limit_micro_usd, b.hard_limit) IS DISTINCT FROM (s.period, s."limit", s.hard);

  SELECT array_agg(b.id ORDER BY b.id), array_agg(b.scope ORDER BY b.id),
         array_agg(budget_period_start(b.period, at, (request ->> 'session_start')::timestamptz) ORDER BY b.id)
    INTO budget_ids, scopes, starts
    FROM budgets b
    WHERE b.scope IN (SELECT s.scope FROM jsonb_to_recordset(request -> 'scopes') AS s(scope text));
  INSERT INTO budget_periods (budget_id, period_start)
    SELECT p.budget_id, p.period_start FROM unnest(budget_ids, starts) AS p(budget_id, period_start)
    WHERE NOT EXISTS (
      SELECT 1 FROM budget_periods q WHERE q.budget_id = p.budget_id AND q.period_start = p.period_start
    )
    ORDER BY p.budget_id
    ON CONFLICT DO NOTHING;

  PERFORM 1 FROM budget_periods p
    WHERE (p.budget_id, p.period_start) IN (
      SELECT q.budget_id, q.period_start FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
      UNION ALL
      SELECT c.budget_id, c.period_start
      FROM jsonb_to_recordset(request -> 'entries') AS n(operation text)
      JOIN cost_ledger e ON e.operation = n.operation AND e.state = 'reserved'
      JOIN cost_ledger_charges c ON c.entry_id = e.id
    )
    ORDER BY p.budget_id, p.period_start FOR UPDATE;

  -- A reservation that was never settled: the call may have been paid for.
  SELECT jsonb_agg(jsonb_build_object('key', e.key, 'outcome', 'unknown')) INTO open_keys
    FROM jsonb_to_recordset(request -> 'entries') AS n(operation text)
    JOIN cost_ledger e ON e.operation = n.operation AND e.state = 'reserved';
  IF open_keys IS NOT NULL THEN
    PERFORM ledger_settle(open_keys);
  END IF;

  SELECT array_agg(
      CASE
        WHEN NOT b.hard_limit OR b.limit_micro_usd IS NULL THEN NULL
        WHEN p.overrun THEN -1
        ELSE b.limit_micro_usd - p.reserved_micro_usd - p.settled_micro_usd
      END ORDER BY b.id)
    INTO room
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
    JOIN budgets b ON b.id = q.budget_id
    JOIN budget_periods p ON p.budget_id = q.budget_id AND p.period_start = q.period_start;

  FOR entry IN
    SELECT n.operation, n.source, n.model, n.amount,
           (SELECT coalesce(max(e.call_number), 0) + 1 FROM cost_ledger e WHERE e.operation = n.operation) AS number
    FROM ROWS FROM (
      jsonb_to_recordset(request -> 'entries') AS (operation text, source text, model text, amount bigint)
    ) WITH ORDINALITY AS n(operation, source, model, amount, position)
    ORDER BY n.position
  LOOP
    SELECT q.scope INTO full_scope FROM unnest(scopes, room) WITH ORDINALITY AS q(scope, room, position)
      WHERE q.room < reserved + entry.amount
      ORDER BY q.position LIMIT 1;
    IF full_scope IS NOT NULL THEN
      answers := answers || jsonb_build_object('operation', entry.operation, 'full_scope', full_scope);
      CONTINUE;
    END IF;
    INSERT INTO cost_ledger (id, key, operation, call_number, cycle_id, source, model, reserved_micro_usd)
      VALUES (gen_random_uuid(), entry.operation || '#' || entry.number, entry.operation, entry.number,
              (request ->> 'cycle_id')::uuid, entry.source, entry.model, entry.amount)
      RETURNING id INTO entry_id;
    INSERT INTO cost_ledger_charges (entry_id, budget_id, period_start)
      SELECT entry_id, q.budget_id, q.period_start FROM unnest(budget_ids, starts) AS q(budget_id, period_start);
    reserved := reserved + entry.amount;
    answers := answers || jsonb_build_object(
      'operation', entry.operation, 'key', entry.operation || '#' || entry.number);
  END LOOP;

  UPDATE budget_periods p SET reserved_micro_usd = p.reserved_micro_usd + reserved
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
    WHERE reserved > 0 AND p.budget_id = q.budget_id AND p.period_start = q.period_start;
  RETURN jsonb_build_object('reservations', answers);
END
$$;
