import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import { z } from 'zod';
import { REPORT_FORMATS, REPORT_TYPES } from '../../src/domain/report';
import { exampleReport, tablesOf, written } from './written';

const schema = z
  .looseObject({})
  .parse(JSON.parse(readFileSync(join(__dirname, '..', '..', 'docs', 'report.schema.json'), 'utf8')));
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

describe.each(REPORT_TYPES)('the %s report', (type) => {
  it('says the same as before as Markdown', async () => {
    expect((await written(await exampleReport(type), 'markdown')).toString()).toMatchSnapshot();
  });

  it('is JSON by docs/report.schema.json, whose documents say no more than it allows', async () => {
    const document = z
      .looseObject({})
      .parse(JSON.parse((await written(await exampleReport(type), 'json')).toString()));
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...document, more: 1 })).toBe(false);
  });

  it('is one page that loads and runs nothing', async () => {
    const page = (await written(await exampleReport(type), 'html')).toString();
    expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'`);
    expect(page).not.toMatch(
      /<script|<link|<img|<iframe|\bsrc=|@import|url\((?!#)|\son\w+=|https?:\/\/(?!www\.w3\.org)/i,
    );
    const opened = page.match(/<(?:section|div|table|article|dl|blockquote|svg)\b/g) ?? [];
    const closed = page.match(/<\/(?:section|div|table|article|dl|blockquote|svg)>/g) ?? [];
    expect(opened.length).toBe(closed.length);
  });

  it('has each table as a file of a zip, whose rows have as many cells as its head', async () => {
    const report = await exampleReport(type);
    const tables = await tablesOf(report);
    const blocks = report.sections.flatMap(({ blocks: all }) => all);
    const named = blocks.flatMap((block) =>
      block.kind === 'table' || block.kind === 'chart' ? [block.id] : [],
    );
    expect([...tables.keys()]).toEqual(expect.arrayContaining(named.map((name) => `${name}.csv`)));
    for (const [, table] of tables) {
      const [head = '', ...rows] = table.split('\r\n').slice(0, -1);
      const cells = (row: string) => row.replace(/"(?:[^"]|"")*"/g, '').split(',').length;
      expect(rows.map(cells)).toEqual(rows.map(() => cells(head)));
    }
  });

  it('is a PDF with its fonts in it', async () => {
    const pdf = (await written(await exampleReport(type), 'pdf')).toString('latin1');
    expect(pdf.slice(0, 5)).toBe('%PDF-');
    expect(pdf.trimEnd().slice(-5)).toBe('%%EOF');
    expect(pdf).toContain('/FontFile2');
    expect(pdf).not.toMatch(/\/JavaScript|\/JS\b|\/Launch|\/URI\b|\/EmbeddedFile/);
  });
});

it('names each section and each table once', async () => {
  for (const type of REPORT_TYPES) {
    const { sections } = await exampleReport(type);
    const sectionIds = sections.map(({ id }) => id);
    expect(new Set(sectionIds).size).toBe(sectionIds.length);
    const tables = sections.flatMap(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === 'table' || block.kind === 'chart' ? [block.id] : [])),
    );
    expect(new Set(tables).size).toBe(tables.length);
  }
});

it('writes a report without any record in every format', async () => {
  for (const type of REPORT_TYPES) {
    const report = await exampleReport(type, { failures: 0 });
    for (const format of REPORT_FORMATS) expect((await written(report, format)).length).toBeGreaterThan(500);
  }
});
