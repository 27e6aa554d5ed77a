import type { ProposedAction } from '../../src/domain/approval';
import type { TestCase } from '../../src/domain/experiment';
import { applyPatch } from '../../src/domain/intervention';
import type { DeploymentCandidate, NewDeployment } from '../../src/ports/deployment-store';
import type { DeploymentPlan } from '../contract';
import type { ActivityDeps } from '../deps';
import { configurationDigest, dollars } from './actions';
import { digestOf } from './digest';
import { judgedBoundOf, targetPrice } from './reckoning';
import type { JudgePriceDeps } from './reckoning';

const HOUR_MS = 3_600_000;

/** What the action depends on beside its records. */
export type ActionDeps = JudgePriceDeps & Pick<ActivityDeps, 'stores' | 'targets'>;

/**
 * What publishing an intervention means for the gate; gate and executor build it from the same records. A person always
 * decides, on the watch too: its canaries are part of the action.
 * @throws {DomainError} `unknown_target`, `unpriced_model`.
 */
export async function deploymentAction(
  deps: ActionDeps,
  deployment: NewDeployment,
  candidate: DeploymentCandidate,
  { watchReplays, watchMs }: Pick<DeploymentPlan, 'watchReplays' | 'watchMs'>,
): Promise<Omit<ProposedAction, 'approvalId'>> {
  const { id, channel, patch, overrideReason, simulationId } = deployment;
  const { intervention } = candidate;
  const target = deps.targets.get(deployment.target).describe;
  const estimatedCostMicroUsd = 2 * watchReplays * (await dearestLane(deps, deployment, candidate));
  const anyway = overrideReason === null ? '' : `, whatever its simulation says (${overrideReason})`;
  const watch = `${watchReplays} canary replays or ${watchMs / HOUR_MS} h, for at most ${dollars(estimatedCostMicroUsd)}`;
  return {
    actionType: 'DEPLOY_INTERVENTION',
    subjectId: id,
    description: `publish "${intervention.name}" (${patch.type}) for ${target.name} on the channel ${channel}${anyway}, watched over ${watch}`,
    severity: 'S1',
    estimatedCostMicroUsd,
    affectedSystems: [target.name, `channel ${channel}`],
    isReversible: true,
    rollbackPlan: `tinman interventions rollback ${intervention.id}; by itself when the canaries show harm`,
    argumentsDigest: digestOf({
      interventionId: intervention.id,
      simulationId,
      channel,
      patch,
      overrideReason,
      configuration: configurationDigest(target),
      watchReplays,
      watchMs,
    }),
    personRequired: true,
    details: { watch_replays: watchReplays, watch_ms: watchMs },
  };
}

/** The most that one lane of a canary can cost. */
async function dearestLane(
  deps: ActionDeps,
  { channel, patch, target: name }: NewDeployment,
  { intervention, cycleId }: DeploymentCandidate,
): Promise<number> {
  const finding = (await deps.stores.failures.list(cycleId)).find(({ id }) => id === intervention.failureId);
  if (finding === undefined) return 0;
  const { design } = await deps.stores.experiments.get(finding.experimentId);
  const target = deps.targets.get(name);
  const price = targetPrice(deps, target, channel);
  const baseline = target.describe.configuration;
  const cost = (testCase: TestCase): number =>
    Math.max(
      ...[baseline, applyPatch(baseline, patch)].map((configuration) =>
        judgedBoundOf(deps, channel, testCase, configuration, design.maxOutputTokens, price),
      ),
    );
  return Math.max(0, ...[...design.cases, ...design.controls].map(cost));
}
