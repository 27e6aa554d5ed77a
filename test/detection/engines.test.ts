import * as fc from 'fast-check';
import { createDetectionEngines } from '../../src/detection/engines';
import type { JsonObject, JsonValue } from '../../src/domain/chat';
import { DomainError } from '../../src/domain/errors';

const { match, schemaViolation } = createDetectionEngines();

function codeOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}

/** A schema of which each level checks the next twice: 2^40 checks of one value. */
function doublingSchema(): JsonObject {
  const level = (next: string): JsonObject => ({ allOf: [{ $ref: next }, { $ref: next }] });
  const levels = Array.from({ length: 40 }, (_, index): [string, JsonObject] => [
    `l${index}`,
    level(`#/$defs/l${index + 1}`),
  ]);
  return { $defs: Object.fromEntries([...levels, ['l40', { type: 'object' }]]), $ref: '#/$defs/l0' };
}

describe('the pattern engine', () => {
  it('finds what RegExp finds, at the same place, also from further on', () => {
    const pattern = fc.constantFrom('b+', '[ab]c', '(?:a|bc)*c', '\\bc\\w', 'b$', '\\u0062c', '(?<x>a)b');
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '😀') }), (source, text) => {
        const expected = new RegExp(source, 'u').exec(text);
        const found = match(source, '', text);
        expect(found && [found.index, found.text]).toEqual(
          expected ? [expected.index, expected[0]] : undefined,
        );
        const next = match('c', '', text, found?.index ?? 0);
        expect(next?.index ?? -1).toBe(text.indexOf('c', found?.index ?? 0));
      }),
    );
  });

  it('knows the flags i, m and s and takes g and u', () => {
    expect(match('^b.C$', 'gimsu', 'a\nB\nc')).toEqual({ index: 2, text: 'B\nc' });
  });

  it('stays quick where a backtracking engine does not end', () => {
    const started = performance.now();
    expect(match('^(a+)+$', '', `${'a'.repeat(100_000)}b`)).toBeUndefined();
    expect(match('(x+x+)+y', 'i', 'x'.repeat(100_000))).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('gives up a search that takes too long, and works on afterwards', () => {
    const slow = () => match('([01]*1[01]{900})([01]*1[01]{900})$', '', '0110'.repeat(50_000));
    const started = performance.now();
    expect(codeOf(slow)).toBe('invalid_experiment');
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(match('b', '', 'abc')).toEqual({ index: 1, text: 'b' });
  });

  it('refuses what is too long', () => {
    expect(codeOf(() => match('a', '', 'b'.repeat(200_001)))).toBe('invalid_experiment');
    expect(codeOf(() => match('a'.repeat(2_001), '', 'b'))).toBe('invalid_experiment');
    expect(match('a', '', 'b'.repeat(200_000))).toBeUndefined();
  });
});

describe('the schema engine', () => {
  const person: JsonObject = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'https://example.test/person',
    type: 'object',
    properties: {
      name: { type: 'string', format: 'email' },
      friends: { type: 'array', items: { $ref: '#' } },
    },
    required: ['name'],
    additionalProperties: false,
  };

  it('says where and what is wrong', () => {
    expect(schemaViolation(person, { name: 'ada', friends: [{ name: 'bob' }] })).toBeUndefined();
    expect(schemaViolation(person, { name: 1 })).toBe('/name must be string');
    expect(schemaViolation(person, [])).toBe('the value must be object');
    expect(schemaViolation(person, { name: 'ada', age: 3 })).toBe(
      'the value must NOT have additional properties ({"additionalProperty":"age"})',
    );
  });

  it('keeps schemas of the same name apart', () => {
    const other = { ...person, type: 'array' };
    expect(schemaViolation(other, [])).toBeUndefined();
    expect(schemaViolation(person, [])).toBe('the value must be object');
  });

  it.each<[string, JsonObject]>([
    ['a remote reference', { $ref: 'https://example.test/other.json' }],
    ['a missing definition', { $ref: '#/$defs/none' }],
    ['an unknown type', { type: 'text' }],
    ['a pattern that does not compile', { pattern: '(' }],
    ['an asynchronous schema', { $async: true, type: 'string' }],
    ['a schema without end', { $ref: '#' }],
    ['a schema that is too long', { description: 'x'.repeat(50_001) }],
  ])('refuses %s', (_, schema) => {
    expect(codeOf(() => schemaViolation(schema, 'value'))).toBe('invalid_experiment');
    expect(schemaViolation({ type: 'string' }, 'value')).toBeUndefined();
  });

  it('checks patterns in linear time', () => {
    const started = performance.now();
    expect(schemaViolation({ pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}b`)).toContain('must match pattern');
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('gives up a check that takes too long, and works on afterwards', () => {
    expect(codeOf(() => schemaViolation(doublingSchema(), {}))).toBe('invalid_experiment');
    const many = Array.from({ length: 60_000 }, (_, id) => ({ id, more: { id } }));
    expect(codeOf(() => schemaViolation({ uniqueItems: true }, many))).toBe('invalid_experiment');
    expect(schemaViolation({ uniqueItems: true }, [{ a: 1 }, { a: 1 }])).toContain('duplicate items');
  });

  it('takes any schema and value without any other error', () => {
    const oddValue = fc.constantFrom<JsonValue>(
      '#',
      '(',
      'string',
      3,
      null,
      true,
      {},
      [],
      [{ $ref: '#' }],
      [{}],
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('type', '$ref', 'enum', 'pattern', 'allOf', '$id'), oddValue),
        fc.jsonValue(),
        (schema, value) => {
          expect([undefined, 'invalid_experiment']).toContain(codeOf(() => schemaViolation(schema, value)));
        },
      ),
    );
  });
});
