import { REPORT_WRITERS } from '../reports/formats';
import { generateReport } from '../reports/generate';
import type { Report, ReportFormatName, ReportType } from '../domain/report';
import type { ReportSource } from '../ports/report-source';
import { VERSION } from '../version';
import { writeWholeFile } from '../whole-file';
import type { MemoryGraph } from './graph';

/** How a report is written down. `CSV` is a zip of tables. */
export const ReportFormat = {
  HTML: 'html',
  MARKDOWN: 'markdown',
  JSON: 'json',
  CSV: 'csv',
  PDF: 'pdf',
} as const satisfies Readonly<Record<string, ReportFormatName>>;
export type ReportFormat = ReportFormatName;

/** What stands behind the graph of each Tinman. */
const SOURCES = new WeakMap<MemoryGraph, ReportSource>();

/** The same graph, from which reports can be made. */
export function reportedOn(graph: MemoryGraph, source: ReportSource): MemoryGraph {
  SOURCES.set(graph, source);
  return graph;
}

/** A period: from `periodStart`, up to and without `periodEnd`. */
export interface ReportedPeriod {
  readonly periodStart: Date;
  readonly periodEnd: Date;
}

abstract class ReportGenerator {
  protected abstract readonly type: ReportType;
  private readonly source: ReportSource;

  /** @throws {TypeError} for a graph that is not that of a Tinman. */
  constructor({ graph }: { readonly graph: MemoryGraph }) {
    const source = SOURCES.get(graph);
    if (source === undefined)
      throw new TypeError('reports are made from the graph of a Tinman: tinman.graph');
    this.source = source;
  }

  /** @throws {DomainError} `invalid_period` when it ends before it begins, or is longer than five years. */
  generate({ periodStart, periodEnd }: ReportedPeriod): Promise<Report> {
    const maker = { source: this.source, version: VERSION, now: () => new Date() };
    return generateReport(maker, this.type, { since: periodStart, until: periodEnd });
  }
}

/** Key figures, trends and risk, for who leads. */
export class ExecutiveSummaryReport extends ReportGenerator {
  protected readonly type = 'executive';
}

/** Failures with triggers, patterns and evidence, for who builds. */
export class TechnicalAnalysisReport extends ReportGenerator {
  protected readonly type = 'technical';
}

/** Approvals, transitions and violations, for who audits. */
export class ComplianceReport extends ReportGenerator {
  protected readonly type = 'compliance';
}

/** Writes a report to a file: whole or not at all, for its owner only. */
export async function exportReport(report: Report, path: string, format: ReportFormat): Promise<void> {
  await writeWholeFile(path, REPORT_WRITERS[format].write(report));
}
