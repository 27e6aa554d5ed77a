import { assert, asyncProperty, constantFrom, string } from 'fast-check';
import { parse } from 'csv-parse/sync';
import { REPORT_TYPES, type ReportType } from '../../src/domain/report';
import { exampleReport, tablesOf, written } from './written';

/** What must stay text, wherever it stands. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  `' onmouseover='alert(1)`,
  '</td></table></style></title><svg onload=alert(1)>',
  '<!--',
  ']]><script>alert(1)</script>',
  '&lt;script&gt;&#60;b&#62;',
  '[click](javascript:alert(1))',
  '![x](https://evil.example/leak)',
  '<https://evil.example>',
  'https://evil.example/?leak=1 www.evil.example',
  '`code` ```\nfence\n``` | cell | # head',
  '\n\n# a head\n- a list\n> a quote\n1. one',
  '=HYPERLINK("https://evil.example","click")',
  '+1+cmd|"/C calc"!A0',
  '-2+3',
  '@SUM(1+1)',
  '\t=1+1',
  '\r\n=1+1',
  '  =1+1',
  '\uFF1D1+1',
  'a"b,c\r\nd',
  'turned \u202Etxt.exe',
  'zero\u200Bwidth \uFEFF \u0000 \u0007 \u001B[31m',
  'lone \uD800 and \uDC00',
  '漢字 العربية עברית 👩‍👩‍👧 𝕏 ก็',
  '()/\\ endstream endobj <</JS (app.alert(1))>>',
  'x'.repeat(5_000),
];

/** Markup of the page itself, however often a report has it. */
const PAGE_ELEMENTS =
  /<\/?(?:html|head|meta|title|style|body|header|h1|h2|h3|p|nav|a|main|section|div|table|thead|tbody|tr|th|td|time|article|span|dl|dt|dd|blockquote|footer|svg|rect|path|text|g|circle|polyline|polygon|line|defs|clipPath|linearGradient|stop)\b[^<>]*>/g;

async function page(type: ReportType, text: string): Promise<string> {
  return (await written(await exampleReport(type, { say: () => text }), 'html')).toString();
}

/** What a page consists of, without its texts. */
function skeleton(html: string): readonly string[] {
  const body = html.slice(html.indexOf('<body>'));
  return (body.match(/<[^>]*>/g) ?? []).map((element) => element.replace(/ dir="auto"| class="long"/g, ''));
}

describe.each(REPORT_TYPES)('hostile texts in the %s report', (type) => {
  it('are no elements, attributes or styles of the page', async () => {
    const expected = skeleton(await page(type, 'plain'));
    for (const text of HOSTILE) {
      const html = await page(type, text);
      expect(skeleton(html)).toEqual(expected);
      const rest = html.slice(html.indexOf('<body>')).replace(PAGE_ELEMENTS, '');
      expect(rest.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '')).not.toMatch(/[<>]/);
    }
  });

  it('are no markup in Markdown, and begin no line', async () => {
    const lines = async (text: string) =>
      (await written(await exampleReport(type, { say: () => text }), 'markdown')).toString().split('\n');
    const expected = await lines('plain');
    for (const text of HOSTILE) {
      const found = await lines(text);
      expect(found.length).toBe(expected.length);
      const outside = found.join('\n').replace(/\\[\\`*_[\]|~$!{}^@:.#+=-]/g, '');
      expect(outside).not.toMatch(/<|[`[\]]|:\/\/|www\./i);
    }
  });

  it('are no formulas of a spreadsheet, and stay in their cells', async () => {
    const plain = await tablesOf(await exampleReport(type, { say: () => 'plain' }));
    for (const text of HOSTILE) {
      const tables = await tablesOf(await exampleReport(type, { say: () => text }));
      expect([...tables.keys()]).toEqual([...plain.keys()]);
      for (const [name, table] of tables) {
        const rows = parse(table);
        expect(rows.map((row) => row.length)).toEqual(parse(plain.get(name) ?? '').map((row) => row.length));
        const formulas = rows
          .flat()
          .filter(
            (cell) => /^[\s\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) && Number.isNaN(Number(cell)),
          );
        expect(formulas).toEqual([]);
      }
    }
  });

  it('are the same text again in JSON', async () => {
    for (const text of HOSTILE) {
      const json = (await written(await exampleReport(type, { say: () => text }), 'json')).toString();
      const cells = JSON.stringify(JSON.parse(json));
      expect(cells).toContain(JSON.stringify(text).slice(1, -1).slice(0, 1_000));
    }
  });
});

it('are printed, or named where the font has no picture of them', async () => {
  const report = await exampleReport('compliance', { say: () => HOSTILE.join(' ') });
  const pdf = (await written(report, 'pdf')).toString('latin1');
  expect(pdf.slice(0, 5)).toBe('%PDF-');
  expect(pdf.trimEnd().slice(-5)).toBe('%%EOF');
  expect(pdf).not.toMatch(/\/JavaScript|\/JS\b|\/Launch|\/URI\b/);
}, 30_000);

it('whatever they are, leave the page as it is', async () => {
  const expected = new Map<ReportType, readonly string[]>();
  for (const type of REPORT_TYPES) expected.set(type, skeleton(await page(type, 'plain')));
  await assert(
    asyncProperty(
      constantFrom(...REPORT_TYPES),
      string({ unit: 'binary', minLength: 1, maxLength: 60 }),
      async (type, text) => {
        expect(skeleton(await page(type, text))).toEqual(expected.get(type));
      },
    ),
    { numRuns: 25 },
  );
}, 30_000);
