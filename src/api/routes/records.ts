import { z } from 'zod';
import { DomainError } from '../../domain/errors';
import { RESOURCES, type ListQuery, type Records, type Resource } from '../../ports/records';
import type { ApiDeps } from '../deps';
import { pageOf, RESOURCE_ROUTES } from '../resources';
import { defineRoute, type Route } from '../route';
import { IdParams, text } from '../schemas';

const MAX_PAGE = 200;

/** Resources whose records have a route of their own, which shows more. */
const SHOWN_ELSEWHERE: ReadonlySet<Resource> = new Set(['cycles', 'approvals']);

/** A list and a record route for every resource. */
export function recordRoutes({ records }: Pick<ApiDeps, 'records'>): readonly Route[] {
  return RESOURCES.flatMap((resource) => [
    listRoute(records, resource),
    ...(SHOWN_ELSEWHERE.has(resource) ? [] : [getRoute(records, resource)]),
  ]);
}

function listRoute(records: Records, resource: Resource): Route {
  const { path, record } = RESOURCE_ROUTES[resource];
  return defineRoute({
    method: 'GET',
    path,
    tag: resource,
    access: 'viewer',
    summary: `The ${resource.replaceAll('_', ' ')}, newest first.`,
    query: listQuery(records.filters[resource]),
    responses: { 200: { description: 'One page.', schema: pageOf(record) } },
    handler: async ({ query }) => {
      const { items, nextCursor } = await records.list(resource, toListQuery(query));
      return { status: 200, body: { items, next_cursor: nextCursor } };
    },
  });
}

function getRoute(records: Records, resource: Resource): Route {
  const { path, record, singular } = RESOURCE_ROUTES[resource];
  return defineRoute({
    method: 'GET',
    path: `${path}/:id`,
    tag: resource,
    access: 'viewer',
    summary: `One ${singular} with its details.`,
    params: IdParams,
    responses: { 200: { description: `The ${singular}.`, schema: record } },
    problems: { 404: `There is no such ${singular}.` },
    handler: async ({ params }) => {
      const found = await records.get(resource, params.id);
      if (found === undefined) throw new DomainError('not_found', `there is no ${singular} ${params.id}`);
      return { status: 200, body: found };
    },
  });
}

/** A misspelt filter would answer with everything, so unknown ones are refused. */
function listQuery(filters: readonly string[]) {
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50).describe('Records a page.'),
    cursor: text(1_000).optional().describe('The `next_cursor` of the page before.'),
    ...Object.fromEntries(
      filters.map((name) => [name, filterValue(name).optional().describe(`Only records with this ${name}.`)]),
    ),
  });
}

/** The ids of records are looked up as such; a workflow's id is a text. */
function filterValue(name: string): z.ZodType<string> {
  return name.endsWith('_id') && name !== 'workflow_id' ? z.guid() : text(200).min(1);
}

function toListQuery({ limit, cursor, ...filters }: z.output<ReturnType<typeof listQuery>>): ListQuery {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { limit, filters: Object.fromEntries(given), ...(cursor === undefined ? {} : { cursor }) };
}
