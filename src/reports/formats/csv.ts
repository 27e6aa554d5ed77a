import { stringify } from 'csv-stringify/sync';
import { Zip, ZipDeflate } from 'fflate';
import type { Report, ReportBlock, ReportCell, ReportFigure, ReportTable } from '../../domain/report';
import { chartTable } from './chart-table';

const ROWS_AT_ONCE = 1_000;

interface CsvTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ReportCell[])[];
}

/**
 * A zip of tables, each CSV by RFC 4180 in UTF-8 with a byte order mark, without which Excel takes it for another
 * encoding. A text that a spreadsheet would take for a formula begins with an apostrophe; numbers are as they are.
 */
// oxlint-disable-next-line typescript/require-await -- a generator, for tables are written one by one
export async function* writeCsv(report: Report): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    ready.push(chunk);
  });
  for (const table of tablesOf(report)) {
    const file = new ZipDeflate(`${table.name}.csv`);
    file.mtime = report.generatedAt;
    zip.add(file);
    file.push(Buffer.from(`\uFEFF${csv([table.columns])}`));
    for (let at = 0; at < table.rows.length; at += ROWS_AT_ONCE) {
      file.push(Buffer.from(csv(table.rows.slice(at, at + ROWS_AT_ONCE))));
      yield* ready.splice(0);
    }
    file.push(new Uint8Array(0), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}

function csv(rows: readonly (readonly ReportCell[])[]): string {
  return stringify(
    rows.map((cells) => cells.map((cell) => (typeof cell === 'string' ? inert(cell) : cell))),
    { record_delimiter: 'windows' },
  );
}

/** After OWASP, "CSV Injection"; also behind spaces, which spreadsheets may drop. */
function inert(text: string): string {
  return /^[\s\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}

function tablesOf({ type, title, period, generatedAt, version, sections }: Report): readonly CsvTable[] {
  const blocks = sections.flatMap((section) =>
    section.blocks.map((block) => ({ section: section.id, block })),
  );
  const about: CsvTable = {
    name: 'report',
    columns: ['type', 'title', 'since', 'until', 'generated_at', 'tinman_version'],
    rows: [
      [
        type,
        title,
        period.since.toISOString(),
        period.until.toISOString(),
        generatedAt.toISOString(),
        version,
      ],
    ],
  };
  return [
    about,
    figureTable(blocks),
    ...findingTables(blocks.map(({ block }) => block)),
    ...blocks.flatMap(({ block }) => plain(block)),
  ];
}

function plain(block: ReportBlock): readonly CsvTable[] {
  if (block.kind === 'table') return [toCsvTable(block)];
  return block.kind === 'chart' ? [toCsvTable(chartTable(block))] : [];
}

function toCsvTable({ id, columns, rows }: ReportTable): CsvTable {
  return { name: id, columns: columns.map((column) => column.id), rows };
}

const FIGURE_COLUMNS = ['id', 'label', 'value', 'unit', 'n', 'low', 'high', 'note'];

function figureCells({ id, label, value, unit, n, low, high, note }: ReportFigure): readonly ReportCell[] {
  return [id, label, value, unit, n ?? null, low ?? null, high ?? null, note ?? null];
}

function figureTable(blocks: readonly { readonly section: string; readonly block: ReportBlock }[]): CsvTable {
  return {
    name: 'figures',
    columns: ['section', ...FIGURE_COLUMNS],
    rows: blocks.flatMap(({ section, block }) =>
      block.kind === 'figures' ? block.figures.map((figure) => [section, ...figureCells(figure)]) : [],
    ),
  };
}

/** Findings, their figures, facts and evidence; none where the report has no findings. */
function findingTables(blocks: readonly ReportBlock[]): readonly CsvTable[] {
  const findings = blocks.flatMap((block) => (block.kind === 'findings' ? block.findings : []));
  if (findings.length === 0) return [];
  return [
    {
      name: 'findings',
      columns: ['id', 'mark', 'title'],
      rows: findings.map(({ id, mark, title }) => [id, mark, title]),
    },
    {
      name: 'finding_figures',
      columns: ['finding', ...FIGURE_COLUMNS],
      rows: findings.flatMap(({ id, figures }) => figures.map((figure) => [id, ...figureCells(figure)])),
    },
    {
      name: 'finding_facts',
      columns: ['finding', 'label', 'value'],
      rows: findings.flatMap(({ id, facts }) => facts.map(({ label, value }) => [id, label, value])),
    },
    {
      name: 'finding_evidence',
      columns: ['finding', 'source', 'quote', 'explanation'],
      rows: findings.flatMap(({ id, evidence }) =>
        evidence.map(({ source, quote, explanation }) => [id, source, quote, explanation]),
      ),
    },
  ];
}
