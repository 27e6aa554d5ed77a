import { reportPeriod } from '../domain/report-period';
import type { Report, ReportPeriod, ReportSection, ReportType } from '../domain/report';
import type { ReportSource } from '../ports/report-source';
import { complianceSections } from './compliance';
import { executiveSections } from './executive';
import { technicalSections } from './technical';

interface Kind {
  readonly title: string;
  readonly sections: (source: ReportSource, period: ReportPeriod) => Promise<readonly ReportSection[]>;
}

const KINDS: Readonly<Record<ReportType, Kind>> = {
  executive: {
    title: 'Executive summary',
    sections: async (source, period) => executiveSections(await source.executive(period), period),
  },
  technical: {
    title: 'Technical analysis',
    sections: async (source, period) => technicalSections(await source.technical(period), period),
  },
  compliance: {
    title: 'Compliance report',
    sections: async (source, period) => complianceSections(await source.compliance(period)),
  },
};

/** What reports are made with. */
export interface ReportMaker {
  readonly source: ReportSource;
  /** Of Tinman. */
  readonly version: string;
  readonly now: () => Date;
}

/** @throws {DomainError} `invalid_period`. */
export async function generateReport(
  { source, version, now }: ReportMaker,
  type: ReportType,
  asked: { readonly since?: Date | undefined; readonly until?: Date | undefined },
): Promise<Report> {
  const generatedAt = now();
  const period = reportPeriod(asked, generatedAt);
  const { title, sections } = KINDS[type];
  return { type, title, period, generatedAt, version, sections: await sections(source, period) };
}
