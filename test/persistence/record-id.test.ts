import { array, assert, integer, oneof, property, string } from 'fast-check';
import { recordId } from '../../src/persistence/record-id';

describe('recordId', () => {
  it('is a UUID of version 8 and always the same for the same parts', () => {
    assert(
      property(array(oneof(string(), integer())), (parts) => {
        const id = recordId(...parts);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(recordId(...parts)).toBe(id);
      }),
    );
  });

  it('tells apart parts that read alike when joined', () => {
    const ids = [
      recordId('ab', 'c'),
      recordId('a', 'bc'),
      recordId('abc'),
      recordId('a', 1),
      recordId('a', '1'),
      recordId('a1'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
