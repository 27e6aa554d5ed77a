import type { Channel } from './deployment';
import type { Intervention } from './intervention';
import { interventionNode } from './learning';
import type { MemoryGraph, Scribe } from './learning';

interface Deployed {
  readonly id: string;
  readonly channel: Channel;
  readonly target: string;
}

/** What going live adds to the memory graph: intervention -deployed_as-> deployment. */
export function graphOfDeployment(
  { id, channel, target }: Deployed,
  intervention: Intervention,
  cycleId: string,
  scribe: Scribe,
): MemoryGraph {
  const data = { interventionId: intervention.id, channel, target };
  return {
    // A deployment may come before its cycle has learned: the cycle then finds the intervention there.
    nodes: [
      interventionNode(intervention, cycleId, scribe),
      scribe.node(['deployment', id], `${intervention.name} on ${channel}`, data),
    ],
    edges: [scribe.edge(['intervention', intervention.id], 'deployed_as', ['deployment', id])],
  };
}

/** What taking it back adds: deployment -rolled_back_by-> rollback, which has the key of its deployment. */
export function graphOfRollback(
  { id, channel, target }: Deployed,
  { by, reason }: { readonly by: string; readonly reason: string },
  scribe: Scribe,
): MemoryGraph {
  return {
    nodes: [scribe.node(['rollback', id], reason, { deploymentId: id, channel, target, by })],
    edges: [scribe.edge(['deployment', id], 'rolled_back_by', ['rollback', id])],
  };
}
