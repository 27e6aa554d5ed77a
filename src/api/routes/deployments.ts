import { z } from 'zod';
import { roleIncludes } from '../../domain/access';
import { CHANNELS } from '../../domain/deployment';
import { DomainError } from '../../domain/errors';
import { INTERVENTION_TYPES } from '../../domain/intervention';
import type { RequestedDeployment, RolledBackDeployment } from '../../ports/deployment-gateway';
import type { ApiDeps } from '../deps';
import { revalidated } from '../entity-tag';
import { defineRoute, type Route } from '../route';
import { IdempotencyHeaders, IdParams, text, timestamp } from '../schemas';

const REASON_LIMIT = 2_000;

const channel = z.enum(CHANNELS);

const ActiveQuery = z.strictObject({
  channel: channel.optional().describe('Only this channel.'),
  target: text(200).min(1).optional().describe('Only for this target.'),
});

const ActiveHeaders = z.object({
  'if-none-match': z.string().max(1_000).optional().describe('The `ETag` of the answer that the client has.'),
});

const ActiveInterventions = z
  .object({
    interventions: z
      .array(
        z.object({
          deployment_id: z.guid(),
          intervention_id: z.guid(),
          target: z.string(),
          channel,
          type: z.enum(INTERVENTION_TYPES),
          patch: z.looseObject({}),
          published_at: timestamp,
        }),
      )
      .describe('In the order in which they are to be applied.'),
  })
  .meta({ id: 'ActiveInterventions' });

const DeployRequest = z
  .strictObject({
    channel: channel.default('shadow'),
    override_reason: text(REASON_LIMIT)
      .min(1)
      .optional()
      .describe('Why it is published without a current verdict `improved`; for admins.'),
  })
  .meta({ id: 'DeployRequest' });

const Deploying = z
  .object({
    deployment_id: z.guid(),
    approval_id: z.guid().nullable().describe('What it waits for; null once that is decided.'),
    workflow_id: z.string(),
  })
  .meta({ id: 'Deploying' });

const RollbackRequest = z
  .strictObject({ reason: text(REASON_LIMIT).min(1) })
  .meta({ id: 'InterventionRollbackRequest' });

const RolledBack = z
  .object({
    deployments: z.array(
      z.object({
        deployment_id: z.guid(),
        intervention_id: z.guid(),
        channel,
        target: z.string(),
        changed: z.boolean().describe('False when it had been taken back before.'),
      }),
    ),
  })
  .meta({ id: 'InterventionRollback' });

const NO_INTERVENTION = 'There is no such intervention.';

/** Interventions in force, going live, and taken back; the list of deployments comes with the other resources. */
export function deploymentRoutes({ deployments, records }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/interventions/active',
      tag: 'deployments',
      summary: 'The interventions that applications are to have in force.',
      access: 'viewer',
      query: ActiveQuery,
      headers: ActiveHeaders,
      responses: {
        200: {
          description: 'Everything in force.',
          schema: ActiveInterventions,
          headers: { ETag: 'Changes with the answer.', 'Cache-Control': 'Ask again each time.' },
        },
        304: { description: 'Nothing has changed since the answer with this ETag.' },
      },
      handler: async ({ query, headers }) => {
        const body = { interventions: await records.active(query) };
        return revalidated(body, headers['if-none-match']);
      },
    }),
    deployRoute(deployments),
    defineRoute({
      method: 'POST',
      path: '/interventions/:id/rollback',
      tag: 'deployments',
      summary: 'Takes an intervention back from applications, at once and on every channel.',
      access: 'operator',
      params: IdParams,
      body: RollbackRequest,
      responses: { 200: { description: 'It is no longer in force.', schema: RolledBack } },
      problems: { 404: NO_INTERVENTION, 409: 'It never went live.' },
      handler: async ({ params, body, principal }) => {
        const rolledBack = await deployments.rollback({
          interventionId: params.id,
          requestedBy: principal.name,
          reason: body.reason,
        });
        return { status: 200, body: { deployments: rolledBack.map(shownRollback) } };
      },
    }),
  ];
}

function deployRoute(deployments: ApiDeps['deployments']): Route {
  return defineRoute({
    method: 'POST',
    path: '/interventions/:id/deploy',
    tag: 'deployments',
    summary: 'Asks for an intervention to go live; it does when a person approves.',
    access: 'operator',
    params: IdParams,
    headers: IdempotencyHeaders,
    body: DeployRequest,
    responses: {
      202: {
        description: 'It waits for an approval.',
        schema: Deploying,
        headers: { Location: 'The deployment.' },
      },
    },
    problems: {
      403: 'The risk policy blocks it, or the override needs an admin.',
      404: NO_INTERVENTION,
      409: 'It cannot be published, or is on this channel already; `detail` says why.',
      503: 'No worker answered in time.',
    },
    handler: async ({ params, headers, body, principal }) => {
      const { channel: on, override_reason: reason } = body;
      if (reason !== undefined && !roleIncludes(principal.role, 'admin')) {
        throw new DomainError('forbidden', 'override_reason needs the role admin');
      }
      const key = headers['idempotency-key'];
      const requested = await deployments.request({
        interventionId: params.id,
        channel: on,
        requestedBy: principal.name,
        ...(reason === undefined ? {} : { override: { reason } }),
        ...(key === undefined ? {} : { idempotencyKey: key }),
      });
      return accepted(requested);
    },
  });
}

function accepted({ deploymentId, approvalId, workflowId }: RequestedDeployment) {
  return {
    status: 202,
    headers: { Location: `/deployments/${deploymentId}` },
    body: { deployment_id: deploymentId, approval_id: approvalId, workflow_id: workflowId },
  };
}

function shownRollback({ deploymentId, interventionId, channel: on, target, changed }: RolledBackDeployment) {
  return { deployment_id: deploymentId, intervention_id: interventionId, channel: on, target, changed };
}
