import {
  array,
  assert,
  bigInt,
  double,
  integer,
  jsonValue,
  oneof,
  property,
  record,
  string,
} from 'fast-check';
import { z } from 'zod';
import { LEAF, type ListPlan } from '../../src/ingest/json/list-plan';
import { exactNumber, longNumber, parseJson } from '../../src/ingest/json/lossless';
import { JsonSplitter, type JsonSlice, type SplitPart } from '../../src/ingest/json/splitter';

const PLAN: ListPlan = { rows: LEAF, groups: { rows: {} }, '': { rows: LEAF } };

const groupsOf = z.object({ groups: z.array(z.object({ about: z.string(), rows: z.array(z.unknown()) })) });
const rowIds = z.object({ rows: z.array(z.object({ id: z.number() })) });
const numbersOf = z.object({ n: z.array(z.unknown()) });

const row = record({ id: integer(), text: string(), nested: jsonValue({ maxDepth: 3 }) });
const group = record({ about: string(), rows: array(row, { maxLength: 8 }) });
const chunkSize = integer({ min: 1, max: 40 });

function split(text: string, size: number, sliceBytes: number): SplitPart[] {
  const splitter = new JsonSplitter(PLAN, sliceBytes);
  const bytes = Buffer.from(text);
  const parts: SplitPart[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(...splitter.push(bytes.subarray(at, at + size)));
  return [...parts, ...splitter.end()];
}

function slices(parts: readonly SplitPart[]): readonly JsonSlice[] {
  return parts.filter((part) => 'bytes' in part);
}

/** Rows with the group they are in and their place, from slices of `{groups: [{about, rows}]}`. */
function rowsOf(parts: readonly SplitPart[]): unknown[] {
  return slices(parts).flatMap(({ bytes, lists }) => {
    const { groups } = groupsOf.parse(JSON.parse(bytes.toString()));
    return groups.flatMap(({ about, rows }, groupIndex) =>
      rows.map((item, rowIndex) => ({
        about,
        item,
        group: groupIndex + (lists[0]?.index ?? 0),
        row: rowIndex + (groupIndex === 0 ? (lists[1]?.index ?? 0) : 0),
      })),
    );
  });
}

it('cuts a document anywhere without losing a record, its surroundings or its place', () => {
  assert(
    property(
      array(group, { maxLength: 5 }),
      chunkSize,
      integer({ min: 0, max: 200 }),
      (groups, size, sliceBytes) => {
        const expected = groups.flatMap(({ about, rows }, groupIndex) =>
          rows.map((item, rowIndex) => ({ about, item, group: groupIndex, row: rowIndex })),
        );
        const parts = split(
          JSON.stringify({ before: [1], groups, after: 2 }, null, size % 3),
          size,
          sliceBytes,
        );
        expect(rowsOf(parts)).toEqual(JSON.parse(JSON.stringify(expected)));
      },
    ),
  );
});

it('keeps every whole record of a document that is cut short, and says so', () => {
  const groups = [
    {
      about: 'a "quoted\\" name',
      rows: [
        { id: 1, text: '[{"' },
        { id: 2, list: [1, 2] },
      ],
    },
    { about: 'b', rows: [{ id: 3 }] },
  ];
  const text = JSON.stringify({ groups });
  for (let length = 1; length < text.length; length++) {
    const cut = text.slice(0, length);
    const whole = [1, 2, 3].filter((id) => cut.includes(endOfRow(text, id)));
    const parts = split(cut, 7, 10);
    expect(rowsOf(parts)).toMatchObject(whole.map((id) => ({ item: { id } })));
    expect(parts.at(-1)).toMatchObject({ reason: 'The document ends before it is complete.' });
  }
});

/** The text up to the brace that closes a row. */
function endOfRow(text: string, id: number): string {
  const start = text.indexOf(`{"id":${id}`);
  return text.slice(0, text.indexOf('}', id === 1 ? start + 20 : start) + 1);
}

it('reads documents one after the other, and what stands between them is refused once', () => {
  const parts = split('{"rows":[{"id":1}]}\n{"rows":[{"id":2}]} nonsense "]" \n[{"rows":[]}]', 5, 100);
  expect(slices(parts).map(({ bytes, document }) => [document, parseJson(bytes)])).toEqual([
    [1, { rows: [{ id: 1 }] }],
    [2, { rows: [{ id: 2 }] }],
    [3, [{ rows: [] }]],
  ]);
  expect(parts.filter((part) => 'reason' in part)).toHaveLength(1);
});

it('leaves out a record beyond the limit, and goes on behind it', () => {
  const large = 'x'.repeat(33 * 1_024 * 1_024);
  const parts = split(`{"rows":[{"id":1},{"id":2,"text":"${large}"},{"id":3}]}`, 65_536, 1_000);
  const ids = slices(parts).flatMap(({ bytes }) => rowIds.parse(parseJson(bytes)).rows.map(({ id }) => id));
  expect(ids).toEqual([1, 3]);
  expect(parts.filter((part) => 'reason' in part)).toEqual([
    { position: '/rows/1', reason: 'This record is larger than 32 MiB.' },
  ]);
});

it('keeps all digits of numbers, and leaves texts alone', () => {
  const long = oneof(
    bigInt({ min: -(2n ** 63n), max: 2n ** 64n }).map((number) => ({ text: String(number), value: number })),
    double({ noNaN: true, noDefaultInfinity: true }).map((number) => ({
      text: JSON.stringify(number),
      value: number,
    })),
  );
  assert(
    property(array(long), string({ unit: 'binary' }), (numbers, text) => {
      const json = `{${JSON.stringify(text)}: ${JSON.stringify(`[${text}, 12345678901234567890]`)}, "n": [${numbers.map((one) => one.text).join(',')}]}`;
      const parsed = numbersOf.parse(parseJson(Buffer.from(json)));
      const list = text === 'n' ? [] : parsed.n;
      const read = list.map((value) => exactNumber(longNumber(value) ?? String(value)));
      expect(read.map(Number)).toEqual(text === 'n' ? [] : numbers.map(({ value }) => Number(value) + 0));
      expect(read.map(String)).toEqual(
        text === 'n'
          ? []
          : numbers.map(({ value }) => String(typeof value === 'number' && Object.is(value, -0) ? 0 : value)),
      );
    }),
  );
});
