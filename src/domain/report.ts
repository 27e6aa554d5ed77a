/** Executive: figures and trends for who leads · technical: failures for who builds · compliance: decisions for who audits. */
export const REPORT_TYPES = ['executive', 'technical', 'compliance'] as const;
export type ReportType = (typeof REPORT_TYPES)[number];

export const REPORT_FORMATS = ['html', 'markdown', 'json', 'csv', 'pdf'] as const;
/** How a report is written down. */
export type ReportFormatName = (typeof REPORT_FORMATS)[number];

/** From `since`, up to and without `until`. */
export interface ReportPeriod {
  readonly since: Date;
  readonly until: Date;
}

/** What a number counts, so that each format writes it in its own way. */
export type ReportUnit = 'count' | 'usd' | 'share' | 'seconds' | 'score';

/** A number with what it rests on. */
export interface ReportFigure {
  readonly id: string;
  readonly label: string;
  /** Null where there is nothing to tell from. */
  readonly value: number | null;
  readonly unit: ReportUnit;
  /** How many observations it rests on; absent for a plain count. */
  readonly n?: number;
  /** 95 % interval, in the unit of the value. */
  readonly low?: number | null;
  readonly high?: number | null;
  /** What it means, or where it comes from. */
  readonly note?: string;
}

/** Times are ISO 8601, UTC; null is empty. */
export type ReportCell = string | number | null;

export interface ReportColumn {
  readonly id: string;
  readonly title: string;
  /** Of numbers; a column without a unit holds text. */
  readonly unit?: ReportUnit;
}

export interface ReportTable {
  readonly kind: 'table';
  /** Names its file in a zip of tables. */
  readonly id: string;
  readonly title: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly (readonly ReportCell[])[];
  /** Rows that are not shown, for there are too many. */
  readonly omitted: number;
  /** Said in place of the table when it has no row. */
  readonly empty: string;
}

export interface ReportChart {
  readonly kind: 'chart';
  readonly id: string;
  readonly title: string;
  /** `stacked` bars share one column a category; `lines` are for values that do not add up. */
  readonly shape: 'stacked' | 'lines';
  readonly unit: ReportUnit;
  readonly categories: readonly string[];
  readonly series: readonly ReportSeries[];
}

export interface ReportSeries {
  readonly name: string;
  /** How it is coloured. */
  readonly tone: ReportTone;
  /** One a category. */
  readonly values: readonly number[];
}

/** Severities, and what is good, bad, or neither. */
export type ReportTone = 'S0' | 'S1' | 'S2' | 'S3' | 'S4' | 'good' | 'bad' | 'plain' | 'muted';

export interface ReportFigures {
  readonly kind: 'figures';
  readonly figures: readonly ReportFigure[];
}

/** A passage that shows what a finding says. */
export interface ReportEvidence {
  /** The record that holds it, as the API names it: `experiment_runs/<id>`. */
  readonly source: string;
  readonly quote: string;
  readonly explanation: string;
}

/** Something found, with what shows it. */
export interface ReportFinding {
  /** The record's id. */
  readonly id: string;
  readonly title: string;
  readonly tone: ReportTone;
  /** A word beside the title, such as the severity. */
  readonly mark: string;
  readonly figures: readonly ReportFigure[];
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly evidence: readonly ReportEvidence[];
  /** Pieces of evidence that are not shown. */
  readonly evidenceOmitted: number;
}

export interface ReportFindings {
  readonly kind: 'findings';
  readonly findings: readonly ReportFinding[];
  /** Findings that are not shown in full. */
  readonly omitted: number;
  readonly empty: string;
}

/** Sentences. */
export interface ReportText {
  readonly kind: 'text';
  readonly paragraphs: readonly string[];
}

export type ReportBlock = ReportText | ReportFigures | ReportTable | ReportChart | ReportFindings;

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly ReportBlock[];
}

/** What every format is made from: text as it is, nothing escaped. */
export interface Report {
  readonly type: ReportType;
  readonly title: string;
  readonly period: ReportPeriod;
  readonly generatedAt: Date;
  /** The version of Tinman. */
  readonly version: string;
  readonly sections: readonly ReportSection[];
}
