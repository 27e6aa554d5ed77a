import { z } from 'zod';
import { DomainError } from '../../domain/errors';
import type { ResolutionEvidence } from '../../domain/failure-resolution';
import type { ApiDeps } from '../deps';
import { Failure } from '../resources';
import { defineRoute, type Reply, type Route } from '../route';
import { IdParams, text } from '../schemas';

const note = text(2_000).min(1);

const Resolution = z
  .strictObject({
    evidence: z
      .union([
        note,
        z.strictObject({ note }),
        z.strictObject({ simulation_id: z.guid().toLowerCase() }),
        z.strictObject({ deployment_id: z.guid().toLowerCase() }),
      ])
      .describe('What shows it: words, a simulation that says improved, or a deployment in force.'),
  })
  .meta({ id: 'FailureResolution' });

const Reopening = z.strictObject({ reason: note }).meta({ id: 'FailureReopening' });

const NO_FAILURE = 'There is no such failure.';

/** What people say of a failure; the list and the record come with the other resources. */
export function failureRoutes({ failures, records }: ApiDeps): readonly Route[] {
  const shown = async (id: string): Promise<Reply> => {
    const failure = await records.get('failures', id);
    if (failure === undefined) throw new DomainError('not_found', `there is no failure ${id}`);
    return { status: 200, body: failure };
  };
  return [
    defineRoute({
      method: 'POST',
      path: '/failures/:id/resolve',
      tag: 'failures',
      summary: 'Says that a failure is resolved, and what shows it; found again, it is a regression.',
      access: 'operator',
      params: IdParams,
      body: Resolution,
      responses: { 200: { description: 'The failure is resolved.', schema: Failure } },
      problems: { 404: NO_FAILURE, 409: 'It is resolved already.' },
      handler: async ({ params, body, principal }) => {
        const evidence = evidenceOf(body.evidence);
        await failures.resolve({ failureId: params.id, by: principal.name, evidence });
        return shown(params.id);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/failures/:id/reopen',
      tag: 'failures',
      summary: 'Says that a resolved failure is not.',
      access: 'operator',
      params: IdParams,
      body: Reopening,
      responses: { 200: { description: 'The failure is open.', schema: Failure } },
      problems: { 404: NO_FAILURE, 409: 'It is not resolved.' },
      handler: async ({ params, body, principal }) => {
        await failures.reopen({ failureId: params.id, by: principal.name, reason: body.reason });
        return shown(params.id);
      },
    }),
  ];
}

function evidenceOf(given: z.output<typeof Resolution>['evidence']): ResolutionEvidence {
  if (typeof given === 'string') return { note: given };
  if ('simulation_id' in given) return { simulationId: given.simulation_id };
  return 'deployment_id' in given ? { deploymentId: given.deployment_id } : given;
}
