import { strFromU8, unzipSync } from 'fflate';
import { generateReport } from '../../src/reports/generate';
import { REPORT_WRITERS } from '../../src/reports/formats';
import type { Report, ReportFormatName, ReportType } from '../../src/domain/report';
import { NOW, SINCE, UNTIL, type Say } from './busy-week';
import { exampleSource } from './report-data';

/** The report of an example week. */
export function exampleReport(
  type: ReportType,
  options: { readonly say?: Say; readonly failures?: number } = {},
): Promise<Report> {
  const maker = { source: exampleSource(options), version: '0.1.0', now: () => NOW };
  return generateReport(maker, type, { since: SINCE, until: UNTIL });
}

/** A report as it is written, as a whole. */
export async function written(report: Report, format: ReportFormatName): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of REPORT_WRITERS[format].write(report)) {
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

/** The tables of a zip by their names, without the byte order mark. */
export async function tablesOf(report: Report): Promise<ReadonlyMap<string, string>> {
  const files = Object.entries(unzipSync(await written(report, 'csv')));
  return new Map(files.map(([name, bytes]) => [name, strFromU8(bytes).replace(/^\uFEFF/, '')]));
}
