-- AlterTable
ALTER TABLE "canary_runs" ADD COLUMN     "injection_attempts" JSONB,
ADD COLUMN     "judged_by" TEXT,
ADD COLUMN     "judgement" JSONB,
ADD COLUMN     "judgement_version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "experiment_runs" ADD COLUMN     "injection_attempts" JSONB,
ADD COLUMN     "judged_by" TEXT,
ADD COLUMN     "judgement" JSONB,
ADD COLUMN     "judgement_version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "failures" ADD COLUMN     "assessed_by" TEXT NOT NULL DEFAULT 'rules',
ADD COLUMN     "injection_attempts" JSONB,
ADD COLUMN     "judged_by" TEXT;

-- AlterTable
ALTER TABLE "follow_up_runs" ADD COLUMN     "injection_attempts" JSONB,
ADD COLUMN     "judged_by" TEXT,
ADD COLUMN     "judgement" JSONB,
ADD COLUMN     "judgement_version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "llm_calls" ALTER COLUMN "cycle_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "replay_runs" ADD COLUMN     "injection_attempts" JSONB,
ADD COLUMN     "judged_by" TEXT,
ADD COLUMN     "judgement" JSONB,
ADD COLUMN     "judgement_version" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "judge_calibrations" (
    "id" UUID NOT NULL,
    "judged_by" TEXT NOT NULL,
    "judge" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "votes" INTEGER NOT NULL,
    "set_digest" TEXT NOT NULL,
    "items" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "failed_found" INTEGER NOT NULL,
    "held" INTEGER NOT NULL,
    "held_found" INTEGER NOT NULL,
    "unassessed" INTEGER NOT NULL,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "judge_calibrations_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "judge_calibrations_judged_by_created_at_idx" ON "judge_calibrations"("judged_by", "created_at");
