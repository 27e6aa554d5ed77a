-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "details" JSONB,
ADD COLUMN     "details_version" INTEGER NOT NULL DEFAULT 1;
