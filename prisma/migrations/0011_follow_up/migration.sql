-- AlterTable
ALTER TABLE "experiments" ADD COLUMN     "stopped_early" JSONB,
ADD COLUMN     "stopped_early_version" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "follow_ups" (
    "id" UUID NOT NULL,
    "failure_id" UUID NOT NULL,
    "cycle_id" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'planned',
    "skip_reason" TEXT,
    "detail" TEXT,
    "calls_permitted" INTEGER NOT NULL,
    "cost_limit_micro_usd" BIGINT NOT NULL,
    "estimated_cost_micro_usd" BIGINT NOT NULL,
    "paraphrases" JSONB,
    "result" JSONB,
    "result_version" INTEGER NOT NULL DEFAULT 1,
    "varied_failed" INTEGER,
    "varied_assessed" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "follow_ups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "follow_up_runs" (
    "id" UUID NOT NULL,
    "follow_up_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "step" TEXT NOT NULL,
    "change" TEXT NOT NULL,
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

    CONSTRAINT "follow_up_runs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "follow_ups_failure_id_key" ON "follow_ups"("failure_id");

-- CreateIndex
CREATE INDEX "follow_ups_cycle_id_idx" ON "follow_ups"("cycle_id");

-- CreateIndex
CREATE INDEX "follow_up_runs_follow_up_id_ordinal_idx" ON "follow_up_runs"("follow_up_id", "ordinal");

-- AddForeignKey
ALTER TABLE "follow_ups" ADD CONSTRAINT "follow_ups_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "research_cycles"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_ups" ADD CONSTRAINT "follow_ups_failure_id_fkey" FOREIGN KEY ("failure_id") REFERENCES "failures"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_up_runs" ADD CONSTRAINT "follow_up_runs_follow_up_id_fkey" FOREIGN KEY ("follow_up_id") REFERENCES "follow_ups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma does not see.

ALTER TABLE follow_ups
  ADD CONSTRAINT follow_ups_state_check CHECK (state IN ('planned', 'running', 'done', 'skipped', 'failed')),
  ADD CONSTRAINT follow_ups_figures_check CHECK (
    calls_permitted >= 0 AND cost_limit_micro_usd >= 0 AND estimated_cost_micro_usd >= 0
  ),
  ADD CONSTRAINT follow_ups_varied_check CHECK (varied_failed BETWEEN 0 AND varied_assessed),
  ADD CONSTRAINT follow_ups_done_check CHECK ((state = 'done') = (result IS NOT NULL)),
  ADD CONSTRAINT follow_ups_skipped_check CHECK (state <> 'skipped' OR skip_reason IS NOT NULL),
  ADD CONSTRAINT follow_ups_ended_check CHECK ((state IN ('done', 'skipped', 'failed')) = (ended_at IS NOT NULL));

ALTER TABLE follow_up_runs
  ADD CONSTRAINT follow_up_runs_step_check CHECK (step IN ('minimise', 'verify', 'vary')),
  ADD CONSTRAINT follow_up_runs_outcome_check CHECK (outcome IN ('failed', 'held', 'unassessed')),
  ADD CONSTRAINT follow_up_runs_unassessed_check CHECK ((outcome = 'unassessed') = (reason IS NOT NULL)),
  ADD CONSTRAINT follow_up_runs_figures_check CHECK (
    ordinal >= 0 AND input_tokens >= 0 AND output_tokens >= 0 AND cost_micro_usd >= 0 AND latency_ms >= 0
  );
