import { columnsOf, type Output } from './context';
import { lines, oneLine, shortened } from './terminal-text';

export type Row = Readonly<Record<string, unknown>>;

/** One column: its heading and what it shows of a record. */
export interface Column {
  readonly heading: string;
  readonly value: (row: Row) => unknown;
}

/** A column that shows one field. */
export function field(name: string, heading = name.replaceAll('_', ' ')): Column {
  return { heading, value: (row) => row[name] };
}

const MIN_LAST_COLUMN = 20;

/** Rows under headings. On a terminal the last column is cut to fit; elsewhere nothing is. */
export function writeTable(output: Output, columns: readonly Column[], rows: readonly Row[]): void {
  const cells = [
    columns.map(({ heading }) => heading.toUpperCase()),
    ...rows.map((row) => columns.map((column) => cell(column.value(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(columnsOf(output) - before, MIN_LAST_COLUMN);
  for (const line of cells) {
    const padded = line.map((text, index) =>
      index === line.length - 1 ? shortened(text, room) : pad(text, widths[index] ?? 0),
    );
    output.write(`${padded.join('  ').trimEnd()}\n`);
  }
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** In characters; a wide one counts as one. */
function widthOf(text: string): number {
  return Array.from(text).length;
}

function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}

/** A record as `name: value`, with what is nested indented below its name. */
export function writeRecord(output: Output, record: Row, indent = ''): void {
  for (const [name, value] of Object.entries(record)) {
    const label = `${indent}${oneLine(name)}:`;
    if (Array.isArray(value)) writeItems(output, label, value, indent);
    else if (isRow(value)) {
      output.write(`${label}\n`);
      writeRecord(output, value, `${indent}  `);
    } else writeValue(output, label, value, indent);
  }
}

function writeItems(output: Output, label: string, items: readonly unknown[], indent: string): void {
  output.write(`${label}${items.length === 0 ? ' none' : ''}\n`);
  for (const item of items) {
    if (isRow(item)) {
      output.write(`${indent}  -\n`);
      writeRecord(output, item, `${indent}    `);
    } else writeValue(output, `${indent}  -`, item, `${indent}  `);
  }
}

function writeValue(output: Output, label: string, value: unknown, indent: string): void {
  const text =
    value === null || value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value);
  const [first = '', ...more] = lines(text);
  if (more.length === 0) output.write(`${label} ${first}\n`);
  else {
    output.write(`${label}\n`);
    for (const line of [first, ...more]) output.write(`${indent}  ${line}\n`);
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
