import { z } from 'zod';
import type { JsonObject, JsonValue } from '../domain/chat';
import { Problem } from './problem';
import type { Route, RouteResponse, Upload } from './route';

type Json = Record<string, JsonValue>;

const jsonValue: z.ZodType<JsonValue> = z.json();

/** Where zod puts schemas with an id that are only used inside others; here they are components like the rest. */
const SHARED = '__shared';
const TITLE = 'Tinman';
const KEY_SCHEME = 'apiKey';
/** Problems of every route that needs a key. */
const ACCESS_PROBLEMS = {
  401: 'There is no valid key.',
  403: 'The role of the key is not enough.',
  429: 'The key asks too often; see Retry-After.',
};
/** Problems of every route that reads a body. */
const BODY_PROBLEMS = { 400: 'Malformed JSON.', 413: 'The body is too large.', 415: 'The body is not JSON.' };

/** OpenAPI 3.1 of these routes. Schemas with an id become components, once for all. */
export function openApiDocument(routes: readonly Route[], version: string): JsonObject {
  const components = new Components();
  components.add(Problem, 'output');
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, components) };
  }
  return {
    openapi: '3.1.0',
    info: { title: TITLE, version, description: 'Finds how an LLM system fails before its users do.' },
    paths,
    components: {
      schemas: components.render(),
      securitySchemes: {
        [KEY_SCHEME]: { type: 'http', scheme: 'bearer', description: 'A key of `tinman keys create`.' },
      },
    },
  };
}

function operation(route: Route, components: Components): Json {
  const parameters = [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...parametersOf(route.headers, 'header'),
  ];
  const responses = {
    ...mapValues(route.responses, (response) => responseOf(response, components)),
    ...mapValues(problemsOf(route), problemOf),
    default: problemOf('Any other problem.'),
  };
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [route.tag],
    summary: route.summary,
    ...(route.access === 'open'
      ? { security: [] }
      : {
          security: [{ [KEY_SCHEME]: [] }],
          description: `Needs the role ${route.access}, where there are keys.`,
        }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: { content: { 'application/json': { schema: components.add(route.body, 'input') } } },
        }),
    ...(route.upload === undefined ? {} : { requestBody: uploadOf(route.upload) }),
    responses,
  };
}

function uploadOf({ description, contentTypes }: Upload): Json {
  const binary = { schema: { type: 'string', format: 'binary' } };
  return { description, content: Object.fromEntries(contentTypes.map((type) => [type, binary])) };
}

function problemsOf(route: Route): Readonly<Record<number, string>> {
  const validates = [route.params, route.query, route.headers, route.body].some((part) => part !== undefined);
  return {
    ...(route.access === 'open' ? {} : ACCESS_PROBLEMS),
    ...(route.body === undefined ? {} : BODY_PROBLEMS),
    ...(validates ? { 422: 'The request breaks its schema; `errors` says where.' } : {}),
    ...route.problems,
  };
}

function responseOf(response: RouteResponse, components: Components): Json {
  const { description, schema, contentType = 'application/json', headers } = response;
  const hasBody = schema !== undefined || response.contentType !== undefined;
  const content = schema === undefined ? { type: 'string' } : components.add(schema, 'output');
  return {
    description,
    ...(headers === undefined
      ? {}
      : { headers: mapValues(headers, (text) => ({ description: text, schema: { type: 'string' } })) }),
    ...(hasBody ? { content: { [contentType]: { schema: content } } } : {}),
  };
}

function problemOf(description: string): Json {
  return {
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function parametersOf(schema: z.ZodObject | undefined, where: 'path' | 'query' | 'header'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: required.includes(name),
    schema: typeof property === 'boolean' ? property : plain(property),
  }));
}

/** The named schemas of a document, split by direction: what is optional in a request is certain in an answer. */
class Components {
  private readonly registries = { input: z.registry<{ id: string }>(), output: z.registry<{ id: string }>() };

  /** The reference to a schema, which must have an id. */
  add(schema: z.ZodType, direction: 'input' | 'output'): Json {
    const id = schema.meta()?.id;
    if (id === undefined) throw new Error('a schema of the API has no id');
    this.registries[direction].add(schema, { id });
    return { $ref: refOf(id) };
  }

  render(): Json {
    const schemas: Json = {};
    for (const io of ['input', 'output'] as const) {
      const { [SHARED]: shared, ...named } = z.toJSONSchema(this.registries[io], { io, uri: refOf }).schemas;
      for (const [id, schema] of Object.entries({ ...shared?.$defs, ...named })) schemas[id] = plain(schema);
    }
    return schemas;
  }
}

/** As a part of a document: JSON only, without what marks a document of its own. */
function plain(schema: z.core.JSONSchema.BaseSchema): JsonValue {
  const { $schema: _dialect, $id: _address, ...rest } = schema;
  return jsonValue.parse(JSON.parse(JSON.stringify(rest).replaceAll(`${refOf(SHARED)}#/$defs/`, refOf(''))));
}

function refOf(id: string): string {
  return `#/components/schemas/${id}`;
}

function mapValues<V, R>(
  record: Readonly<Record<string | number, V>>,
  map: (value: V) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
