import Ajv from 'ajv';
import { array, assert, property } from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WRITTEN_FORMATS } from '../support/trace-formats';
import { textOf } from '../support/trace-formats/json-text';

const schema: unknown = JSON.parse(readFileSync(join(__dirname, '../../docs/trace.schema.json'), 'utf8'));

it('describes what the tests write as plain JSON, and refuses spans without an id', () => {
  const ajv = new Ajv({ strictTypes: false, allowUnionTypes: true });
  expect(typeof schema === 'object' && schema !== null).toBe(true);
  const validate = ajv.compile(Object(schema));
  const { spans, layout } = WRITTEN_FORMATS.json;
  assert(
    property(array(spans, { maxLength: 4 }), (written) => {
      expect([validate(JSON.parse(textOf(layout(written)))), validate.errors]).toEqual([true, null]);
    }),
  );
  expect(validate({ spans: [{ name: 'without', start_time: 5 }] })).toBe(false);
});
