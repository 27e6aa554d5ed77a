import { z } from 'zod';
import { DomainError } from '../../domain/errors';
import { TOOL_RISK_LEVELS } from '../../domain/tool';
import type { ToolAnswer } from '../../ports/tool';
import type { ApiDeps } from '../deps';
import { PreferHeader, preferredWait } from '../preferred-wait';
import { ToolExecution } from '../resources';
import { defineRoute, type Reply, type Route } from '../route';
import { EmptyBody, IdempotencyHeaders, IdParams, text } from '../schemas';

const DESCRIPTION_LIMIT = 2_000;
const MAX_WAIT_SECONDS = 120;
const DEFAULT_WAIT_SECONDS = 30;

const ToolList = z
  .object({
    tools: z.array(
      z.object({
        name: z.string(),
        description: z.string(),
        risk_level: z.enum(TOOL_RISK_LEVELS),
        reversible: z.boolean(),
        parameters: z.looseObject({}).describe('JSON Schema of the arguments.'),
      }),
    ),
  })
  .meta({ id: 'ToolList' });

const Params = z.object({ name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'is no name of a tool') });

const WaitQuery = z.strictObject({
  wait: z.coerce
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .optional()
    .describe(`Seconds to wait for the end, else ${DEFAULT_WAIT_SECONDS}; after that the answer is 202.`),
});

const WaitHeaders = z.object(PreferHeader);

const Call = z
  .strictObject({
    arguments: z.looseObject({}).default({}),
    description: text(DESCRIPTION_LIMIT).optional().describe('Why, for the person who decides.'),
  })
  .meta({ id: 'ToolCall' });

const PendingCall = z
  .object({
    id: z.guid(),
    status: z.enum(['requested', 'running']),
    approval_id: z.guid().nullable().describe('What it waits for.'),
    workflow_id: z.string(),
  })
  .meta({ id: 'PendingToolCall' });

const responses = {
  200: { description: 'It was done; `result` is what it came to.', schema: ToolExecution },
  202: {
    description: 'It waits for a person, or is still under way.',
    schema: PendingCall,
    headers: { Location: 'Where the execution is found.' },
  },
} as const;

/** `/tools`, calls and what takes them back; executions are listed with the other records. */
export function toolRoutes(deps: ApiDeps): readonly Route[] {
  return [listRoute(deps), executeRoute(deps), rollbackRoute(deps)];
}

function listRoute({ tools }: ApiDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/tools',
    tag: 'tools',
    summary: 'The tools, each with what calling it means.',
    access: 'viewer',
    responses: { 200: { description: 'The tools.', schema: ToolList } },
    handler: () => ({
      status: 200,
      body: {
        tools: tools.descriptions.map(({ name, description, riskLevel, reversible, parameters }) => ({
          name,
          description,
          risk_level: riskLevel,
          reversible,
          parameters,
        })),
      },
    }),
  });
}

function executeRoute(deps: ApiDeps): Route {
  const { tools, toolCalls } = deps;
  return defineRoute({
    method: 'POST',
    path: '/tools/:name/execute',
    tag: 'tools',
    summary: 'Calls a tool, behind risk policy and approval.',
    access: 'operator',
    params: Params,
    query: WaitQuery,
    headers: IdempotencyHeaders.extend(PreferHeader),
    body: Call,
    responses,
    problems: {
      404: 'There is no such tool.',
      409: 'It was not approved, or the key was used for another call.',
      502: 'The tool failed; `error` says how.',
    },
    handler: async ({ params, query, headers, body, principal }) => {
      refuseWhileDraining(deps);
      const key = headers['idempotency-key'];
      const answer = await toolCalls.execute({
        tool: tools.describe(params.name),
        arguments: tools.check(params.name, body.arguments),
        requestedBy: principal.name,
        waitMs: waitMsOf(query, headers),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(key === undefined ? {} : { idempotencyKey: key }),
      });
      return replyTo(deps, answer);
    },
  });
}

function rollbackRoute(deps: ApiDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/tools/executions/:id/rollback',
    tag: 'tools',
    summary: 'Takes back what a call did, where its tool can; passes matrix and approval.',
    access: 'operator',
    params: IdParams,
    query: WaitQuery,
    headers: WaitHeaders,
    body: EmptyBody,
    responses,
    problems: { 404: 'There is no such execution.', 409: 'There is nothing to take back.' },
    handler: async ({ params, query, headers, principal }) => {
      refuseWhileDraining(deps);
      const requestedBy = principal.name;
      const waitMs = waitMsOf(query, headers);
      return replyTo(deps, await deps.toolCalls.rollback({ executionId: params.id, requestedBy, waitMs }));
    },
  });
}

function waitMsOf({ wait }: z.infer<typeof WaitQuery>, { prefer }: z.infer<typeof WaitHeaders>): number {
  return Math.min(wait ?? preferredWait(prefer) ?? DEFAULT_WAIT_SECONDS, MAX_WAIT_SECONDS) * 1_000;
}

function refuseWhileDraining({ health }: ApiDeps): void {
  if (health.draining()) throw new DomainError('not_ready', 'the server is shutting down');
}

/** @throws {DomainError} for a call that came to nothing. */
async function replyTo({ records }: ApiDeps, { execution, approvalId }: ToolAnswer): Promise<Reply> {
  const { id, status, workflowId, error, tool } = execution;
  if (status === 'requested' || status === 'running') {
    return {
      status: 202,
      headers: { Location: `/tools/executions/${id}` },
      body: { id, status, approval_id: approvalId, workflow_id: workflowId },
    };
  }
  if (status === 'refused') throw new DomainError('state_conflict', error ?? 'it was refused', { id });
  if (status === 'failed' || status === 'unknown') {
    throw new DomainError('tool_failed', `${tool}: ${error ?? status}`, { id, status, error });
  }
  return { status: 200, body: await records.get('tool_executions', id) };
}
