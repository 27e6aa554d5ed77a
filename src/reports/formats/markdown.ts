import type {
  Report,
  ReportBlock,
  ReportColumn,
  ReportFigure,
  ReportFinding,
  ReportTable,
} from '../../domain/report';
import { chartTable } from './chart-table';
import { shownBasis, shownCell, shownMoment, shownValue } from './numbers';
import { visibleText } from './visible-text';

/** CommonMark with the tables of GitHub; no text of a record can become markup, a link or an image. */
// oxlint-disable-next-line typescript/require-await -- a generator, for sections are written one by one
export async function* writeMarkdown(report: Report): AsyncGenerator<string> {
  const { title, period, generatedAt, version, sections } = report;
  yield (
    `# ${text(title)}\n\n${shownMoment(period.since)} to ${shownMoment(period.until)}. ` +
    `Made at ${shownMoment(generatedAt)} by Tinman ${text(version)}.\n`
  );
  for (const section of sections) {
    yield `\n## ${text(section.title)}\n`;
    for (const block of section.blocks) yield* blockLines(block);
  }
}

function* blockLines(block: ReportBlock): Generator<string> {
  switch (block.kind) {
    case 'text':
      yield block.paragraphs.map((paragraph) => `\n${text(paragraph)}\n`).join('');
      return;
    case 'figures':
      yield `\n${block.figures.map((figure) => `- ${figureText(figure)}\n`).join('')}`;
      return;
    case 'table':
      yield* tableLines(block);
      return;
    case 'chart':
      yield* tableLines(chartTable(block));
      return;
    case 'findings':
      if (block.findings.length === 0) yield `\n${text(block.empty)}\n`;
      for (const finding of block.findings) yield findingText(finding);
      if (block.omitted > 0) yield `\n${block.omitted} more are not shown in full.\n`;
  }
}

function* tableLines({ title, columns, rows, omitted, empty }: ReportTable): Generator<string> {
  yield `\n### ${text(title)}\n\n`;
  if (rows.length === 0) {
    yield `${text(empty)}\n`;
    return;
  }
  yield row(columns.map((column) => text(column.title)));
  yield row(columns.map(({ unit }) => (unit === undefined ? '---' : '---:')));
  for (const cells of rows) {
    yield row(columns.map((column: ReportColumn, index) => text(shownCell(cells[index] ?? null, column))));
  }
  if (omitted > 0) yield `\n${omitted} more are not shown.\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function figureText(figure: ReportFigure): string {
  const basis = [shownBasis(figure), figure.note ?? ''].filter((part) => part !== '').map(text);
  return `${text(figure.label)}: **${text(shownValue(figure))}**${basis.length === 0 ? '' : ` (${basis.join('; ')})`}`;
}

function findingText({ id, title, mark, figures, facts, evidence, evidenceOmitted }: ReportFinding): string {
  const lines = [
    `\n### ${text(mark)} · ${text(title)}\n`,
    ...figures.map((figure) => `- ${figureText(figure)}`),
    ...facts.map(({ label, value }) => `- ${text(label)}: ${text(value)}`),
    `- Record: ${text(id)}`,
    ...evidence.map(
      ({ source, quote, explanation }) => `\n> ${text(quote)}\n>\n> — ${text(explanation)} (${text(source)})`,
    ),
  ];
  if (evidenceOmitted > 0) lines.push(`\n${evidenceOmitted} more pieces of evidence are not shown.`);
  return `${lines.join('\n')}\n`;
}

/** One line in which nothing is markup. */
function text(given: string): string {
  return visibleText(given)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_[\]|~$!{}^]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('://', String.raw`\://`)
    .replace(/\bwww\./gi, (www) => `${www.slice(0, -1)}\\.`)
    .replaceAll('@', String.raw`\@`)
    .replace(/^(?:[#+=-]|\d+[.)](?=\s|$))/, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`);
}
