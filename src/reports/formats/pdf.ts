import { dirname, join, sep } from 'node:path';
import type { Content, DocumentDefinition, FontDictionary } from 'pdfmake';
import type {
  Report,
  ReportBlock,
  ReportCell,
  ReportColumn,
  ReportFigure,
  ReportFinding,
  ReportSection,
  ReportTable,
} from '../../domain/report';
import { chartImage, PAPER } from './chart-image';
import { shownBasis, shownCell, shownMoment, shownValue } from './numbers';
import { printableText } from './printable-text';

/** Laying out paper takes time: what is beyond is counted, and is in the other formats. */
const TABLE_ROWS = 300;
const FINDINGS = 50;
const FIGURES_A_ROW = 4;
const MUTED = '#64748b';
const LINE = '#cbd5e1';
/** Of a landscape A4 page between its margins, in points. */
const WIDTH = 778;
const NUMBER_WIDTH = 44;
const GAP = 6;
const LABEL_WIDTH = 150;
const SHORT_ROWS = 12;
/** Characters. */
const SHORT_TEXT = 3_000;

const RULED: NonNullable<Content['layout']> = {
  hLineWidth: (line) => (line < 2 ? 0 : 0.4),
  vLineWidth: () => 0,
  hLineColor: () => LINE,
  paddingLeft: () => 0,
  paddingRight: () => GAP,
};

/** A PDF with embedded fonts; nothing is fetched, and no other file is read. */
export async function* writePdf(report: Report): AsyncGenerator<Uint8Array> {
  const { default: pdfmake } = await import('pdfmake');
  const fonts = join(dirname(require.resolve('pdfmake/package.json')), 'fonts', 'Roboto');
  pdfmake.setFonts(fontsIn(fonts));
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((path) => path.startsWith(fonts + sep));
  const document = await pdfmake.createPdf(await definitionOf(report)).getStream();
  document.end();
  for await (const chunk of document) yield Buffer.from(chunk);
}

function fontsIn(folder: string): FontDictionary {
  const file = (name: string) => join(folder, `Roboto-${name}.ttf`);
  return {
    Roboto: {
      normal: file('Regular'),
      bold: file('Medium'),
      italics: file('Italic'),
      bolditalics: file('MediumItalic'),
    },
  };
}

async function definitionOf(report: Report): Promise<DocumentDefinition> {
  const { title, period, generatedAt, version, sections } = report;
  const content: Content[] = [
    { text: text(title), style: 'title' },
    {
      text:
        `${shownMoment(period.since)} to ${shownMoment(period.until)} · made ${shownMoment(generatedAt)} ` +
        `by Tinman ${text(version)}`,
      style: 'muted',
    },
  ];
  for (const section of sections) content.push(...(await sectionContent(section)));
  return {
    content,
    pageSize: 'A4',
    pageOrientation: 'landscape',
    pageMargins: [32, 32, 32, 40],
    defaultStyle: { font: 'Roboto', fontSize: 9, lineHeight: 1.15 },
    styles: {
      title: { fontSize: 22, bold: true },
      section: { fontSize: 15, bold: true, margin: [0, 20, 0, 6] },
      heading: { fontSize: 10.5, bold: true, margin: [0, 10, 0, 4] },
      muted: { fontSize: 8, color: MUTED },
    },
    info: { title: `Tinman: ${text(title)}`, creationDate: generatedAt },
    footer: (page, pages) => ({
      text: `${text(title)} · ${page} of ${pages}`,
      style: 'muted',
      alignment: 'right',
      margin: [32, 12, 32, 0],
    }),
  };
}

/** The title stands with what follows it: on one page where that is short, on a new page where it is long. */
async function sectionContent({ title, blocks }: ReportSection): Promise<readonly Content[]> {
  const heading: Content = { text: text(title), style: 'section' };
  const contents: (readonly Content[])[] = [];
  for (const block of blocks) contents.push(await blockContent(block));
  const [first = [], ...others] = contents;
  const rest = others.flat();
  const [lead, ...following] = first;
  if (lead === undefined) return [heading, ...rest];
  if (lead.unbreakable !== true) return [{ ...heading, pageBreak: 'before' }, ...first, ...rest];
  return [{ stack: [heading, lead], unbreakable: true }, ...following, ...rest];
}

async function blockContent(block: ReportBlock): Promise<readonly Content[]> {
  switch (block.kind) {
    case 'text':
      return block.paragraphs.map((paragraph) => ({
        text: text(paragraph),
        margin: [0, 3, 0, 3],
        unbreakable: true,
      }));
    case 'figures':
      return figureRows(block.figures);
    case 'table':
      return [tableContent(block)];
    case 'chart':
      return [
        {
          stack: [
            { text: text(block.title), style: 'heading' },
            { svg: await chartImage(block, PAPER), width: WIDTH },
          ],
          unbreakable: true,
        },
      ];
    case 'findings':
      return findingsContent(block);
  }
}

function figureRows(figures: readonly ReportFigure[]): readonly Content[] {
  const rows: Content[] = [];
  for (let at = 0; at < figures.length; at += FIGURES_A_ROW) {
    const cards = figures.slice(at, at + FIGURES_A_ROW).map(figureCard);
    const filled = [...cards, ...Array.from({ length: FIGURES_A_ROW - cards.length }, () => ({ text: '' }))];
    rows.push({ columns: filled, columnGap: 14, margin: [0, 4, 0, 6], unbreakable: true });
  }
  return rows;
}

function figureCard(figure: ReportFigure): Content {
  const below = [shownBasis(figure), figure.note ?? ''].filter((part) => part !== '');
  return {
    stack: [
      { text: text(figure.label), style: 'muted' },
      { text: text(shownValue(figure)), fontSize: 15, bold: true },
      ...below.map((part) => ({ text: text(part), style: 'muted' })),
    ],
  };
}

function tableContent({ title, columns, rows, omitted, empty }: ReportTable): Content {
  const heading: Content = { text: text(title), style: 'heading' };
  if (rows.length === 0)
    return { stack: [heading, { text: text(empty), style: 'muted' }], unbreakable: true };
  const shown = rows.slice(0, TABLE_ROWS);
  const more = omitted + rows.length - shown.length;
  const fill = columns.slice(1).map((): Content => ({ text: '' }));
  const heads = columns.map((column): Content => ({
    text: text(column.title),
    color: MUTED,
    alignment: sideOf(column),
  }));
  const body = shown.map((cells): readonly Content[] =>
    columns.map((column, index) => tableCell(cells[index] ?? null, column)),
  );
  return {
    stack: [
      {
        table: {
          headerRows: 2,
          keepWithHeaderRows: 1,
          widths: widthsOf(columns),
          body: [[{ ...heading, colSpan: columns.length }, ...fill], heads, ...body],
        },
        layout: RULED,
        fontSize: columns.length > 9 ? 6 : 7.5,
      },
      ...moreContent(more, 'more are not shown here'),
    ],
    unbreakable: isShort(body),
  };
}

/** Whether rows are sure to fit on a page. */
function isShort(rows: readonly (readonly Content[])[]): boolean {
  const length = rows.flat().reduce((sum, { text: cell }) => sum + (cell?.length ?? 0), 0);
  return rows.length <= SHORT_ROWS && length <= SHORT_TEXT;
}

/** Fixed, so that a long word is broken instead of pushing the others off the page. */
function widthsOf(columns: readonly ReportColumn[]): readonly number[] {
  const numbers = columns.filter(({ unit }) => unit !== undefined).length;
  const left = WIDTH - numbers * NUMBER_WIDTH - columns.length * GAP;
  const each = left / Math.max(1, columns.length - numbers);
  return columns.map(({ unit }) => (unit === undefined ? each : NUMBER_WIDTH));
}

function tableCell(cell: ReportCell, column: ReportColumn): Content {
  return { text: text(shownCell(cell, column)), alignment: sideOf(column) };
}

function sideOf({ unit }: ReportColumn): 'left' | 'right' {
  return unit === undefined ? 'left' : 'right';
}

function findingsContent({
  findings,
  omitted,
  empty,
}: Extract<ReportBlock, { kind: 'findings' }>): readonly Content[] {
  if (findings.length === 0) return [{ text: text(empty), style: 'muted' }];
  const shown = findings.slice(0, FINDINGS);
  const more = omitted + findings.length - shown.length;
  return [...shown.map(findingContent), ...moreContent(more, 'more are not shown in full here')];
}

function findingContent(finding: ReportFinding): Content {
  const { id, title, mark, tone, figures, facts, evidence, evidenceOmitted } = finding;
  const heading: Content = {
    text: [
      { text: `${text(mark)}  `, bold: true, color: PAPER.tones[tone] },
      { text: text(title), bold: true },
    ],
    fontSize: 11,
    margin: [0, 10, 0, 2],
  };
  return {
    stack: [
      { stack: [heading, ...figureRows(figures)], unbreakable: true },
      ...[...facts, { label: 'Record', value: id }].map(({ label, value }): Content => ({
        columns: [
          { text: text(label), color: MUTED, width: LABEL_WIDTH },
          { text: text(value), width: WIDTH - LABEL_WIDTH },
        ],
        margin: [0, 1, 0, 1],
      })),
      ...evidence.map(({ source, quote, explanation }): Content => ({
        stack: [
          { text: text(quote), italics: true },
          { text: text(`${explanation} (${source})`), style: 'muted' },
        ],
        margin: [12, 4, 0, 4],
      })),
      ...moreContent(evidenceOmitted, 'more pieces of evidence are not shown'),
    ],
  };
}

function moreContent(omitted: number, what: string): readonly Content[] {
  return omitted > 0 ? [{ text: `${omitted} ${what}.`, style: 'muted' }] : [];
}

const text = printableText;
