import { auditFindings } from './report-audit';
import { readComplianceChecks } from './report-checks';
import { readCompliance } from './report-compliance';
import { readExecutive } from './report-executive';
import { readTechnical } from './report-technical';
import type { ReportSource } from '../ports/report-source';
import type { PrismaClient, Transaction } from './client';

/** Of all statements of one report, and of each. */
const REPORT_TIMEOUT_MS = 120_000;
const STATEMENT_TIMEOUT = '60s';

/** What reports are made from; `audit` is what the sealed log is held against. */
export function createReportSource(
  prisma: PrismaClient,
  audit: { readonly key: Buffer; readonly anchorFile: string },
): ReportSource {
  const atOneMoment = <T>(read: (tx: Transaction) => Promise<T>): Promise<T> =>
    prisma.$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT set_config('statement_timeout', ${STATEMENT_TIMEOUT}, true)`;
        return read(tx);
      },
      { isolationLevel: 'RepeatableRead', timeout: REPORT_TIMEOUT_MS },
    );
  return {
    executive: (period) => atOneMoment((tx) => readExecutive(tx, period)),
    technical: (period) => atOneMoment((tx) => readTechnical(tx, period)),
    async compliance(period) {
      const records = await atOneMoment(async (tx) => ({
        ...(await readCompliance(tx, period)),
        checks: await readComplianceChecks(tx, period),
      }));
      return { ...records, audit: await auditFindings(prisma, audit) };
    },
  };
}
