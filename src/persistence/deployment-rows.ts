import { CHANNELS, DEPLOYMENT_STATES } from '../domain/deployment';
import { scribeOf } from '../domain/learning';
import { fromJson, member } from './columns';
import { recordId } from './record-id';
import type { AuditEvent } from '../ports/audit';
import type { Channel } from '../domain/deployment';
import type { Watch } from '../domain/harm-watch';
import type { Patch } from '../domain/intervention';
import type { Scribe } from '../domain/learning';
import type { StoredDeployment } from '../ports/deployment-store';
import type { Deployment } from './generated/client';

export function toDeployment(row: Deployment): StoredDeployment {
  return {
    id: row.id,
    interventionId: row.interventionId,
    simulationId: row.simulationId,
    channel: member(CHANNELS, row.channel),
    target: row.target,
    state: member(DEPLOYMENT_STATES, row.state),
    patch: fromJson<Patch>(row.patch),
    overrideReason: row.overrideReason,
    workflowId: row.workflowId,
    requestedBy: row.requestedBy,
    endReason: row.endReason,
    watch: row.watch === null ? null : fromJson<Watch>(row.watch),
  };
}

/** An event in the life of a deployment, which comes once. */
export function deploymentEvent(
  eventType: AuditEvent['eventType'],
  actor: string,
  deployment: { readonly id: string; readonly interventionId: string; readonly channel: Channel },
  details: Readonly<Record<string, unknown>>,
): AuditEvent {
  const { id, interventionId, channel } = deployment;
  return {
    key: `${eventType}/${id}`,
    eventType,
    actor,
    subjectType: 'deployment',
    subjectId: id,
    details: { deployment_id: id, intervention_id: interventionId, channel, ...details },
  };
}

/** Writes what deployments add to the memory graph, with the ids of the cycles' graphs. */
export function scribeNow(): Scribe {
  return scribeOf({ learnedAt: new Date(), idOf: (kind, key) => recordId('memory', kind, key) });
}
