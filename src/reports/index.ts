import type { Reports } from '../ports/reports';
import { REPORT_WRITERS } from './formats';
import { generateReport, type ReportMaker } from './generate';

/** Reports over what `source` holds, in every format. */
export function createReports(maker: ReportMaker): Reports {
  return {
    async write({ type, format, since, until }) {
      const report = await generateReport(maker, type, { since, until });
      const { contentType, extension, write } = REPORT_WRITERS[format];
      const day = (moment: Date) => moment.toISOString().slice(0, 10);
      const fileName = `tinman-${type}-${day(report.period.since)}-${day(report.period.until)}.${extension}`;
      return { contentType, fileName, body: write(report) };
    },
  };
}
