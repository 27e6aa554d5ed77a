-- AlterTable
ALTER TABLE "approvals" DROP COLUMN "details",
DROP COLUMN "details_version";
