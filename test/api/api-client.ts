import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import { z } from 'zod';
import { createApp, listen } from '../../src/api/app';
import type { ApiDeps } from '../../src/api/deps';
import type { HttpServer } from '../../src/http-server';
import type { FakeWorld } from './fake-world';

export const Document = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        summary: z.string(),
        responses: z.record(
          z.string(),
          z.looseObject({
            description: z.string(),
            content: z.record(z.string(), z.object({ schema: z.looseObject({}) })).optional(),
          }),
        ),
        requestBody: z.looseObject({}).optional(),
        parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})) }),
});
export type Document = z.infer<typeof Document>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

/** A client of a running API. Every JSON answer is held against the schema that the document has for it. */
export class ApiClient {
  private readonly validators = new Map<string, ValidateFunction>();

  private constructor(
    readonly url: string,
    readonly document: Document,
    private readonly server?: HttpServer,
    private readonly key?: string,
  ) {}

  /** Serves an API over a fake world. */
  static async start(world: FakeWorld, deps: ApiDeps = world.deps): Promise<ApiClient> {
    const server = await listen(createApp(deps), { host: '127.0.0.1', port: 0 });
    return new ApiClient(server.url, await documentAt(server.url), server);
  }

  /** For an API that runs elsewhere; `key` is sent with every request. */
  static async at(url: string, key?: string): Promise<ApiClient> {
    return new ApiClient(url, await documentAt(url), undefined, key);
  }

  /** Ends the API that `start` serves. */
  async close(): Promise<void> {
    await this.server?.close();
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('GET', path, { headers });
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    if (body === undefined) return this.call('POST', path, { headers });
    return this.call('POST', path, {
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async call(method: string, path: string, init: RequestInit): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (this.key !== undefined && !headers.has('authorization')) {
      headers.set('authorization', `Bearer ${this.key}`);
    }
    const response = await fetch(`${this.url}${path}`, { ...init, headers, method });
    const type = response.headers.get('content-type') ?? '';
    const text = await response.text();
    const body: unknown = type.includes('json') && text !== '' ? JSON.parse(text) : text;
    if (type.includes('json')) this.conforms(method, path, response.status, body);
    return { status: response.status, headers: response.headers, body };
  }

  private conforms(method: string, path: string, status: number, body: unknown): void {
    const name = this.schemaName(method, path, status);
    const validate = this.validators.get(name) ?? this.compile(name);
    if (!validate(body)) {
      const errors = JSON.stringify(validate.errors);
      throw new Error(`${method} ${path} → ${status} does not conform to ${name}: ${errors}`);
    }
  }

  /** The component that the document has for this answer; an answer of success must have one. */
  private schemaName(method: string, path: string, status: number): string {
    const content =
      this.operation(method, path.split('?')[0] ?? path)?.responses[String(status)]?.content ?? {};
    const [reference] = Object.values(content).map(({ schema }) => String(schema['$ref']));
    if (reference === undefined && status < 400)
      throw new Error(`${method} ${path}: ${status} is undocumented`);
    return reference?.split('/').at(-1) ?? 'Problem';
  }

  private operation(method: string, path: string) {
    const templates = Object.keys(this.document.paths).toSorted(
      (a, b) => Number(a.includes('{')) - Number(b.includes('{')),
    );
    const template = templates.find((each) =>
      new RegExp(`^${each.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    return template === undefined ? undefined : this.document.paths[template]?.[method.toLowerCase()];
  }

  private compile(name: string): ValidateFunction {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validate = ajv.compile({
      components: this.document.components,
      $ref: `#/components/schemas/${name}`,
    });
    this.validators.set(name, validate);
    return validate;
  }
}

async function documentAt(url: string): Promise<Document> {
  return Document.parse(await (await fetch(`${url}/openapi.json`)).json());
}

/** The problem in an answer, which must be one. */
export function problemIn(answer: Answer) {
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = z
    .looseObject({
      status: z.number(),
      code: z.string(),
      title: z.string(),
      detail: z.string(),
      request_id: z.string(),
      errors: z.array(z.object({ in: z.string(), pointer: z.string(), detail: z.string() })).optional(),
    })
    .parse(answer.body);
  expect(problem.status).toBe(answer.status);
  expect(problem.request_id).toBe(answer.headers.get('x-request-id'));
  return problem;
}
