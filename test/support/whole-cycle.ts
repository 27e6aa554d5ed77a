import { recordId } from '../../src/persistence/record-id';
import {
  IMPROVED,
  LAX,
  assessedAction,
  discoveredCycle,
  originOf,
  replayOf,
  type StoredWorld,
} from './stored-cycle';

/** A cycle with everything: a decided approval, a finished simulation, a deployment that waits, a bill. */
export async function wholeCycle(world: StoredWorld, target: string) {
  const cycle = await discoveredCycle(world, target);
  const { cycleId, input, intervention, simulation, runs } = cycle;
  const asked = assessedAction(simulation.id, { tier: 'review' });
  const { stores, ledger } = world;
  await stores.approvals.saveAssessed(originOf(input), [asked]);
  await stores.approvals.record(
    {
      approvalId: asked.action.approvalId,
      state: 'approved',
      decidedBy: 'ana',
      reason: null,
      decidedAt: '2026-11-23T03:00:00.000Z',
      via: 'update',
    },
    LAX,
  );
  await stores.simulations.begin(cycleId, intervention.id);
  const lanes = [
    replayOf(simulation.id, 0, 'baseline', runs[0]!.id),
    replayOf(simulation.id, 0, 'candidate', runs[0]!.id),
    { ...replayOf(simulation.id, 1, 'baseline'), id: recordId('control', simulation.id), control: true },
  ];
  await stores.simulations.recordReplays(simulation.id, lanes, []);
  await stores.simulations.finish(simulation.id, IMPROVED);
  const deploymentId = recordId('deployment', simulation.id);
  await stores.deployments.open({
    id: deploymentId,
    interventionId: intervention.id,
    simulationId: simulation.id,
    channel: 'shadow',
    target,
    patch: intervention.patch,
    overrideReason: null,
    workflowId: `deploy-${deploymentId}`,
    requestedBy: 'ana',
  });
  const [reservation] = await ledger.reserve({
    cycleId,
    scopes: [],
    entries: [{ operation: `x/${cycleId}`, source: 'target', model: target, amountMicroUsd: 2_500_000 }],
  });
  if (reservation?.admitted === true) {
    await ledger.settle([{ key: reservation.key, outcome: 'settled', amountMicroUsd: 1_500_000 }]);
  }
  return { ...cycle, approvalId: asked.action.approvalId };
}
