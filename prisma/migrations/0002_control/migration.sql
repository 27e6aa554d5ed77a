-- AlterTable
ALTER TABLE "approval_decisions" ADD COLUMN     "proven_by" TEXT;

-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "person_required" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "requested_by" TEXT;
UPDATE approvals SET requested_by = coalesce(
  (SELECT c.requested_by FROM research_cycles c WHERE c.id = approvals.cycle_id), 'anonymous');
ALTER TABLE approvals ALTER COLUMN requested_by SET NOT NULL;

-- AlterTable
ALTER TABLE "budget_periods" ADD COLUMN     "warned_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "budgets" ADD COLUMN     "reset_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "deployments" DROP COLUMN "configuration",
DROP COLUMN "configuration_version",
ADD COLUMN     "end_reason" TEXT,
ADD COLUMN     "override_reason" TEXT,
ADD COLUMN     "patch" JSONB NOT NULL,
ADD COLUMN     "patch_version" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "published_at" TIMESTAMPTZ(3),
ADD COLUMN     "simulation_id" UUID,
ADD COLUMN     "target" TEXT NOT NULL,
ADD COLUMN     "watch" JSONB,
ADD COLUMN     "watch_version" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "workflow_id" TEXT NOT NULL,
ALTER COLUMN "state" SET DEFAULT 'requested';

-- AlterTable
ALTER TABLE "failures" ADD COLUMN     "state_reason" TEXT,
ADD COLUMN     "state_set_by" TEXT;

-- AlterTable
ALTER TABLE "mode_transitions" ADD COLUMN     "approval_id" UUID,
ADD COLUMN     "emergency" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "tool_executions" ADD COLUMN     "mode" TEXT,
ADD COLUMN     "policy_version" TEXT,
ADD COLUMN     "requested_by" TEXT NOT NULL,
ADD COLUMN     "rollback_of" UUID,
ADD COLUMN     "workflow_id" TEXT NOT NULL,
ALTER COLUMN "status" SET DEFAULT 'requested';

-- CreateTable
CREATE TABLE "canary_runs" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "control" BOOLEAN NOT NULL,
    "pair" INTEGER NOT NULL,
    "lane" TEXT NOT NULL,
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

    CONSTRAINT "canary_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval_proofs" (
    "id" UUID NOT NULL,
    "approval_id" UUID NOT NULL,
    "decision" TEXT NOT NULL,
    "key_id" UUID NOT NULL,
    "owner" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "approval_proofs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "owner" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_by" TEXT,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbound_events" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "data_version" INTEGER NOT NULL DEFAULT 1,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbound_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "event_id" UUID NOT NULL,
    "endpoint" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_error" TEXT,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("event_id","endpoint")
);

-- CreateIndex
CREATE UNIQUE INDEX "canary_runs_deployment_id_control_pair_lane_key" ON "canary_runs"("deployment_id", "control", "pair", "lane");

-- CreateIndex
CREATE INDEX "approval_proofs_approval_id_idx" ON "approval_proofs"("approval_id");

-- CreateIndex
CREATE INDEX "api_keys_created_at_id_idx" ON "api_keys"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "outbound_events_key_key" ON "outbound_events"("key");

-- CreateIndex
CREATE INDEX "outbound_events_occurred_at_id_idx" ON "outbound_events"("occurred_at", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_state_next_attempt_at_idx" ON "webhook_deliveries"("state", "next_attempt_at");

-- CreateIndex
CREATE INDEX "deployments_created_at_id_idx" ON "deployments"("created_at", "id");

-- CreateIndex
CREATE INDEX "deployments_channel_state_idx" ON "deployments"("channel", "state");

-- CreateIndex
CREATE INDEX "tool_executions_started_at_id_idx" ON "tool_executions"("started_at", "id");

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_simulation_id_fkey" FOREIGN KEY ("simulation_id") REFERENCES "simulations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "canary_runs" ADD CONSTRAINT "canary_runs_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approval_proofs" ADD CONSTRAINT "approval_proofs_approval_id_fkey" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approval_proofs" ADD CONSTRAINT "approval_proofs_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tool_executions" ADD CONSTRAINT "tool_executions_rollback_of_fkey" FOREIGN KEY ("rollback_of") REFERENCES "tool_executions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "outbound_events"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma does not see.

ALTER TABLE deployments
  ADD CONSTRAINT deployments_channel_check CHECK (channel IN ('shadow', 'production')),
  ADD CONSTRAINT deployments_state_check CHECK (
    state IN ('requested', 'live', 'kept', 'rolling_back', 'rolled_back', 'refused')
  ),
  ADD CONSTRAINT deployments_published_check CHECK (
    state IN ('requested', 'refused') OR published_at IS NOT NULL
  ),
  ADD CONSTRAINT deployments_ended_check CHECK ((state IN ('rolled_back', 'refused')) = (ended_at IS NOT NULL));
-- What is asked for or live on a channel, once.
CREATE UNIQUE INDEX deployments_open_key ON deployments (intervention_id, channel)
  WHERE state NOT IN ('rolled_back', 'refused');

ALTER TABLE canary_runs
  ADD CONSTRAINT canary_runs_lane_check CHECK (lane IN ('baseline', 'candidate')),
  ADD CONSTRAINT canary_runs_outcome_check CHECK (outcome IN ('failed', 'held', 'unassessed')),
  ADD CONSTRAINT canary_runs_reason_check CHECK (
    reason IN ('target_error', 'timeout', 'budget', 'judge_error', 'cancelled', 'refused_by_mode')
  ),
  ADD CONSTRAINT canary_runs_unassessed_check CHECK ((outcome = 'unassessed') = (reason IS NOT NULL)),
  ADD CONSTRAINT canary_runs_figures_check CHECK (
    pair >= 0 AND case_index >= 0 AND input_tokens >= 0 AND output_tokens >= 0 AND cost_micro_usd >= 0 AND latency_ms >= 0
  );

ALTER TABLE approval_decisions DROP CONSTRAINT approval_decisions_via_check;
ALTER TABLE approval_decisions
  ADD CONSTRAINT approval_decisions_via_check
    CHECK (via IN ('update', 'signal', 'policy', 'deadline', 'cycle', 'mode'));

ALTER TABLE approval_proofs
  ADD CONSTRAINT approval_proofs_decision_check CHECK (decision IN ('approved', 'rejected')),
  ADD CONSTRAINT approval_proofs_role_check CHECK (role IN ('viewer', 'operator', 'approver', 'admin'));

ALTER TABLE api_keys
  ADD CONSTRAINT api_keys_role_check CHECK (role IN ('viewer', 'operator', 'approver', 'admin')),
  ADD CONSTRAINT api_keys_owner_check CHECK (owner <> '' AND owner <> 'anonymous'),
  ADD CONSTRAINT api_keys_secret_hash_check CHECK (secret_hash ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT api_keys_revoked_check CHECK ((revoked_by IS NULL) = (revoked_at IS NULL));

ALTER TABLE tool_executions
  ADD CONSTRAINT tool_executions_mode_check CHECK (mode IN ('lab', 'shadow', 'production')),
  ADD CONSTRAINT tool_executions_status_check CHECK (
    status IN ('requested', 'running', 'succeeded', 'failed', 'refused', 'unknown', 'rolled_back')
  ),
  ADD CONSTRAINT tool_executions_ended_check CHECK ((status IN ('requested', 'running')) = (ended_at IS NULL));

ALTER TABLE webhook_deliveries
  ADD CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('pending', 'delivered', 'failed')),
  ADD CONSTRAINT webhook_deliveries_attempts_check CHECK (attempts >= 0),
  ADD CONSTRAINT webhook_deliveries_delivered_check CHECK ((state = 'delivered') = (delivered_at IS NOT NULL));
