import { Ajv2020 } from 'ajv/dist/2020';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020';
import type { JsonObject } from '../domain/chat';
import type { FindSchemaViolation } from '../domain/detection';
import { DomainError } from '../domain/errors';
import { compilePattern } from './pattern-engine';
import { RecentMap } from './recent-map';
import { withinTimeLimit } from './time-limit';

const MAX_SCHEMA_CHARS = 50_000;
const MAX_VIOLATION_CHARS = 300;
const CACHED_SCHEMAS = 100;
const SCHEMA_NAME = 'tinman:schema';
const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * Checks values against JSON Schemas (draft 2020-12) that nobody vouches for: no reference leaves the schema, formats say
 * nothing, patterns run in linear time, and compiling as well as checking ends within the time limit.
 */
export function createSchemaEngine(): FindSchemaViolation {
  const compiled = new RecentMap<ValidateFunction>(CACHED_SCHEMAS);
  let ajv = createAjv();
  const compile = (schema: JsonObject, length: number): ValidateFunction => {
    try {
      return compileSchema(ajv, schema, length);
    } catch (error) {
      ajv = createAjv();
      throw asRefusal(error);
    }
  };
  return (schema, value) => {
    const key = JSON.stringify(schema);
    const validate = compiled.getOrMake(key, () => compile(schema, key.length));
    try {
      const valid = withinTimeLimit('the JSON Schema', () => validate(value));
      return valid ? undefined : violationOf(validate.errors?.[0]);
    } catch (error) {
      throw asRefusal(error);
    }
  };
}

function createAjv(): Ajv2020 {
  const regExp = Object.assign((pattern: string) => compilePattern(pattern, ''), { code: '' });
  return new Ajv2020({
    strict: false,
    validateFormats: false,
    logger: false,
    code: { regExp },
  });
}

/** The validator forgets the schema at once, and knows it by our name: it cannot stand in for another. */
function compileSchema(ajv: Ajv2020, rules: JsonObject, length: number): ValidateFunction {
  if (length > MAX_SCHEMA_CHARS) throw refusal(`it has more than ${MAX_SCHEMA_CHARS} characters`);
  if ('$async' in rules) throw refusal('it is asynchronous');
  const schema = { ...rules, $schema: DRAFT, $id: SCHEMA_NAME };
  try {
    return withinTimeLimit('the JSON Schema', () => ajv.compile(schema));
  } finally {
    ajv.removeSchema(schema);
  }
}

function violationOf(error: ErrorObject | undefined): string {
  const where = error?.instancePath === '' ? 'the value' : (error?.instancePath ?? 'the value');
  const { message = 'is invalid', keyword = '', params = {} } = error ?? {};
  const details = ['additionalProperties', 'enum', 'const'].includes(keyword)
    ? ` (${JSON.stringify(params)})`
    : '';
  return `${where} ${message}${details}`.slice(0, MAX_VIOLATION_CHARS);
}

function asRefusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return refusal(error instanceof Error ? error.message : String(error));
}

function refusal(reason: string): DomainError {
  return new DomainError('invalid_experiment', `the JSON Schema cannot be used: ${reason}`);
}
