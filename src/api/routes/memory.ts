import { z } from 'zod';
import { DomainError } from '../../domain/errors';
import { EDGE_KINDS, NODE_KINDS } from '../../domain/memory';
import { FAILURE_TYPES } from '../../domain/taxonomy';
import type { ApiRecord } from '../../ports/records';
import type { ApiDeps } from '../deps';
import {
  Beliefs,
  FailureEvolution,
  FailureLineage,
  MemoryNeighbours,
  MemoryNode,
  MemorySearchResult,
} from '../memory-resources';
import { defineRoute, type Route } from '../route';
import { IdParams, text, timestamp } from '../schemas';

const asOf = timestamp.optional().describe('As it was known then.');
const AsOfQuery = z.strictObject({ as_of: asOf });
const SearchQuery = z.strictObject({
  q: text(500).min(1).optional().describe('Words; they need not be spelt alike.'),
  kind: z.enum(NODE_KINDS).optional(),
  type: z.enum(FAILURE_TYPES).optional(),
  target: text(200).optional(),
  as_of: asOf,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
const NeighbourQuery = z.strictObject({
  depth: z.coerce.number().int().min(1).max(3).default(1),
  relation: z.enum(EDGE_KINDS).optional(),
  as_of: asOf,
});
const BeliefQuery = z.strictObject({ target: text(200).optional(), as_of: asOf });

const NO_NODE = 'There is no such node, or was none then.';
const NO_FAILURE = 'There is no such failure, or was none then.';

/** What is remembered over all cycles. */
export function memoryRoutes(deps: ApiDeps): readonly Route[] {
  return [...searchRoutes(deps), ...nodeRoutes(deps), ...failureRoutes(deps)];
}

function searchRoutes({ memory, targets, defaultTarget }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      ...reading(
        '/memory/search',
        'Finds what is remembered: hypotheses, experiments, failures, interventions.',
      ),
      query: SearchQuery,
      responses: { 200: { description: 'A page, the likest first.', schema: MemorySearchResult } },
      handler: async ({ query: { limit, cursor, type, as_of, ...filter } }) => {
        const page = await memory.search(
          { ...filter, failureType: type, asOf: dateOf(as_of) },
          { limit, cursor },
        );
        return { status: 200, body: { items: page.items, next_cursor: page.nextCursor } };
      },
    }),
    defineRoute({
      ...reading('/memory/beliefs', 'What is believed of the failure rates of a target, by type.'),
      query: BeliefQuery,
      responses: { 200: { description: 'The types that were tested.', schema: Beliefs } },
      handler: async ({ query }) => {
        const { name } = targets.get(query.target ?? defaultTarget).describe;
        const beliefs = await memory.beliefs(name, dateOf(query.as_of));
        return { status: 200, body: { target: name, beliefs } };
      },
    }),
  ];
}

function nodeRoutes({ memory }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      ...reading('/memory/nodes/:id', 'One node of the memory.'),
      params: IdParams,
      query: AsOfQuery,
      responses: { 200: { description: 'The node.', schema: MemoryNode } },
      problems: { 404: NO_NODE },
      handler: async ({ params, query }) =>
        found(await memory.node(params.id, dateOf(query.as_of)), 'node', params),
    }),
    defineRoute({
      ...reading('/memory/nodes/:id/neighbours', 'What is tied to a node, the nearest first.'),
      params: IdParams,
      query: NeighbourQuery,
      responses: {
        200: { description: 'At most 200 nodes, and the edges among them.', schema: MemoryNeighbours },
      },
      problems: { 404: NO_NODE },
      handler: async ({ params, query: { depth, relation, as_of } }) =>
        found(await memory.neighbours(params.id, { depth, relation, asOf: dateOf(as_of) }), 'node', params),
    }),
  ];
}

function failureRoutes({ memory }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      ...reading('/memory/failures/:id/lineage', 'Where a failure comes from, and what was done about it.'),
      params: IdParams,
      query: AsOfQuery,
      responses: { 200: { description: 'From hypothesis to deployments.', schema: FailureLineage } },
      problems: { 404: NO_FAILURE },
      handler: async ({ params, query }) =>
        found(await memory.lineage(params.id, dateOf(query.as_of)), 'failure', params),
    }),
    defineRoute({
      ...reading('/memory/failures/:id/evolution', 'How a failure went over all cycles that found it.'),
      params: IdParams,
      query: AsOfQuery,
      responses: {
        200: { description: 'Findings and deployments, oldest first.', schema: FailureEvolution },
      },
      problems: { 404: NO_FAILURE },
      handler: async ({ params, query }) =>
        found(await memory.evolution(params.id, dateOf(query.as_of)), 'failure', params),
    }),
  ];
}

function reading<Path extends string>(path: Path, summary: string) {
  return { method: 'GET', path, summary, tag: 'memory', access: 'viewer' } as const;
}

function dateOf(moment: string | undefined): Date | undefined {
  return moment === undefined ? undefined : new Date(moment);
}

/** @throws {DomainError} `not_found`. */
function found(record: ApiRecord | undefined, what: string, { id }: { readonly id: string }) {
  if (record === undefined) throw new DomainError('not_found', `there is no ${what} ${id}`);
  return { status: 200 as const, body: record };
}
