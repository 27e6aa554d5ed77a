import type { Report, ReportFormatName } from '../../domain/report';
import { writeCsv } from './csv';
import { writeHtml } from './html';
import { writeJson } from './json';
import { writeMarkdown } from './markdown';
import { writePdf } from './pdf';

/** A way to write a report down. */
export interface ReportWriter {
  readonly contentType: string;
  readonly extension: string;
  /** Piece by piece, so that nobody holds a long report twice. */
  readonly write: (report: Report) => AsyncIterable<string | Uint8Array>;
}

/** All formats; a new one is a file here and a line. */
export const REPORT_WRITERS: Readonly<Record<ReportFormatName, ReportWriter>> = {
  html: { contentType: 'text/html; charset=utf-8', extension: 'html', write: writeHtml },
  markdown: { contentType: 'text/markdown; charset=utf-8', extension: 'md', write: writeMarkdown },
  json: { contentType: 'application/json; charset=utf-8', extension: 'json', write: writeJson },
  csv: { contentType: 'application/zip', extension: 'zip', write: writeCsv },
  pdf: { contentType: 'application/pdf', extension: 'pdf', write: writePdf },
};
