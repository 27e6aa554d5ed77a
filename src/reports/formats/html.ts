import type {
  Report,
  ReportBlock,
  ReportCell,
  ReportColumn,
  ReportFigure,
  ReportFinding,
  ReportTable,
} from '../../domain/report';
import { chartImage, PAGE } from './chart-image';
import { REPORT_STYLE } from './html-style';
import { Markup, markup } from './markup';
import { isMoment, shownBasis, shownCell, shownMoment, shownValue } from './numbers';

/** Nothing is loaded and nothing runs. Styles are inline: there is no other file. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const ROWS_AT_ONCE = 500;
/** Characters from which on a cell is given room. */
const LONG_TEXT = 24;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** One file that needs no other, for a screen, light or dark, and for paper. */
export async function* writeHtml(report: Report): AsyncGenerator<string> {
  yield head(report).text;
  for (const section of report.sections) {
    yield markup`<section id="${section.id}"><h2>${section.title}</h2>\n`.text;
    for (const block of section.blocks) yield* blockPieces(block);
    yield '</section>\n';
  }
  yield markup`</main>
<footer>Intervals are at 95 %: of rates Wilson's, of effects Newcombe's. Times are UTC.</footer>
</body>
</html>
`.text;
}

function head({ title, period, generatedAt, version, sections }: Report): Markup {
  const links = sections.map((section) => markup`<a href="#${section.id}">${section.title}</a>`);
  const made = `${shownMoment(period.since)} to ${shownMoment(period.until)} · made ${shownMoment(generatedAt)} by Tinman`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Tinman: ${title}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${made} ${version}</p>
<nav>${links}</nav>
</header>
<main>
`;
}

async function* blockPieces(block: ReportBlock): AsyncGenerator<string> {
  switch (block.kind) {
    case 'text':
      yield block.paragraphs.map((paragraph) => markup`<p>${paragraph}</p>\n`.text).join('');
      return;
    case 'figures':
      yield figures(block.figures).text;
      return;
    case 'table':
      yield* tablePieces(block);
      return;
    case 'chart': {
      const image = new Markup(await chartImage(block, PAGE));
      yield markup`<div class="panel chart"><h3>${block.title}</h3>${image}</div>\n`.text;
      return;
    }
    case 'findings':
      if (block.findings.length === 0) yield markup`<p class="empty">${block.empty}</p>\n`.text;
      for (const each of block.findings) yield finding(each).text;
      yield more(block.omitted, 'more are not shown in full').text;
  }
}

function figures(all: readonly ReportFigure[]): Markup {
  return markup`<div class="figures">${all.map(figureCard)}</div>\n`;
}

function figureCard(figure: ReportFigure): Markup {
  const line = (name: string, text: string) =>
    text === '' ? '' : markup`<div class="${name}">${text}</div>`;
  return markup`<div class="figure">${line('label', figure.label)}${line('value', shownValue(figure))}${line(
    'basis',
    shownBasis(figure),
  )}${line('note', figure.note ?? '')}</div>\n`;
}

function* tablePieces({ title, columns, rows, omitted, empty }: ReportTable): Generator<string> {
  if (rows.length === 0) {
    yield markup`<div class="panel"><h3>${title}</h3><p class="empty">${empty}</p></div>\n`.text;
    return;
  }
  const heads = columns.map(({ title: name, unit }) =>
    unit === undefined ? markup`<th>${name}</th>` : markup`<th class="number">${name}</th>`,
  );
  yield markup`<div class="panel"><h3>${title}</h3><div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>\n`
    .text;
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    yield rows
      .slice(at, at + ROWS_AT_ONCE)
      .map(
        (cells) =>
          markup`<tr>${columns.map((column, index) => cell(cells[index] ?? null, column))}</tr>\n`.text,
      )
      .join('');
  }
  yield markup`</tbody></table></div>${more(omitted, 'more are not shown')}</div>\n`.text;
}

function cell(value: ReportCell, column: ReportColumn): Markup {
  const shown = shownCell(value, column);
  if (column.unit !== undefined) return markup`<td class="number">${shown}</td>`;
  if (ID.test(shown)) return markup`<td class="fixed">${shown}</td>`;
  if (isMoment(value)) return markup`<td class="fixed"><time datetime="${value}">${shown}</time></td>`;
  return shown.length > LONG_TEXT
    ? markup`<td class="long" dir="auto">${shown}</td>`
    : markup`<td dir="auto">${shown}</td>`;
}

function finding({
  id,
  title,
  mark,
  tone,
  figures: own,
  facts,
  evidence,
  evidenceOmitted,
}: ReportFinding): Markup {
  const lines = [...facts, { label: 'Record', value: id }].map(
    ({ label, value }) => markup`<dt>${label}</dt><dd dir="auto">${value}</dd>`,
  );
  const quotes = evidence.map(
    ({ source, quote, explanation }) => markup`<blockquote><div class="quote" dir="auto">${quote}</div>
<div class="source">${explanation} (${source})</div></blockquote>\n`,
  );
  return markup`<article class="panel finding ${tone}" id="record-${id}">
<h3><span class="mark">${mark}</span><span dir="auto">${title}</span></h3>
${figures(own)}<dl>${lines}</dl>
${quotes}${more(evidenceOmitted, 'more pieces of evidence are not shown')}</article>\n`;
}

function more(omitted: number, what: string): Markup {
  return omitted === 0 ? markup`` : markup`<p class="more">${omitted} ${what}.</p>\n`;
}
