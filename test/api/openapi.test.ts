import { Ajv2020 } from 'ajv/dist/2020';
import { z } from 'zod';
import { ApiClient, type Document } from './api-client';
import { FakeWorld } from './fake-world';

const OPERATIONS = [
  'GET /health',
  'GET /ready',
  'GET /live',
  'GET /memory/beliefs',
  'GET /memory/failures/{id}/evolution',
  'GET /memory/failures/{id}/lineage',
  'GET /memory/nodes/{id}',
  'GET /memory/nodes/{id}/neighbours',
  'GET /memory/search',
  'GET /status',
  'GET /mode',
  'POST /mode/transition',
  'GET /tools',
  'POST /tools/{name}/execute',
  'GET /tools/executions',
  'GET /tools/executions/{id}',
  'POST /tools/executions/{id}/rollback',
  'POST /v1/traces',
  'POST /traces/ingest',
  'GET /traces',
  'GET /traces/{id}',
  'GET /traces/uploads/{id}',
  'GET /policy',
  'GET /report',
  'POST /discuss',
  'POST /discuss/reset',
  'GET /budget',
  'POST /budget/reset',
  'GET /metrics',
  'GET /openapi.json',
  'POST /research/cycle',
  'GET /research/cycles',
  'GET /research/cycles/{id}',
  'POST /research/cycles/{id}/cancel',
  'POST /research/cycles/{id}/pause',
  'POST /research/cycles/{id}/resume',
  'GET /research/cycles/{id}/events',
  'GET /schedules',
  'POST /schedules',
  'GET /schedules/{id}',
  'DELETE /schedules/{id}',
  'POST /schedules/{id}/pause',
  'POST /schedules/{id}/resume',
  'POST /schedules/{id}/trigger',
  'GET /approvals',
  'GET /approvals/pending',
  'GET /approvals/{id}',
  'GET /audit',
  'POST /approvals/{id}/decide',
  'GET /interventions/active',
  'POST /interventions/{id}/deploy',
  'POST /interventions/{id}/rollback',
  'POST /failures/{id}/resolve',
  'POST /failures/{id}/reopen',
  ...['hypotheses', 'experiments', 'failures', 'interventions', 'simulations', 'deployments'].flatMap(
    (name) => [`GET /${name}`, `GET /${name}/{id}`],
  ),
];

describe('the OpenAPI document', () => {
  let document: Document;
  beforeAll(async () => {
    const api = await ApiClient.start(new FakeWorld());
    document = api.document;
    await api.close();
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        operation,
      })),
    );

  it('is of version 3.1 and has every endpoint', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(
      operations()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(OPERATIONS.toSorted());
  });

  it('names operations uniquely and declares the parameters of every path', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? [])
        .filter((each) => each.in === 'path')
        .map((each) => each.name);
      expect(declared).toEqual(inPath);
    }
  });

  it('documents an answer of success and the problems of every operation', () => {
    for (const { operation } of operations()) {
      const statuses = Object.keys(operation.responses);
      expect(statuses).toContain('default');
      expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
    }
    expect(Object.keys(document.paths['/research/cycle']?.['post']?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '202', '400', '402', '409', '413', '415', '422']),
    );
  });

  it('resolves every reference, and every component is a schema', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to);
    expect(references.length).toBeGreaterThan(20);
    const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(references.filter((to) => to !== undefined && !names.includes(to))).toEqual([]);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const $ref of names) {
      expect(() => ajv.compile({ components: document.components, $ref })).not.toThrow();
    }
  });

  it('has the limits that validate', () => {
    const request = z
      .object({ properties: z.record(z.string(), z.unknown()), additionalProperties: z.literal(false) })
      .parse(document.components.schemas['CycleRequest']);
    expect(request.properties['max_hypotheses']).toMatchObject({ minimum: 1, maximum: 50, default: 5 });
    expect(request.properties['replay_pairs']).toMatchObject({
      anyOf: [{ const: 'auto' }, { minimum: 5, maximum: 500 }],
      default: 30,
    });
    expect(document.paths['/failures']?.['get']?.parameters?.map(({ name }) => name)).toEqual([
      'limit',
      'cursor',
      'cycle_id',
      'severity',
    ]);
  });
});
