import { whatBars } from '../src/domain/deployment';
import { DomainError } from '../src/domain/errors';
import { judgeWatch, watchReason } from '../src/domain/harm-watch';
import type { Watch } from '../src/domain/harm-watch';
import { stricterMode } from '../src/domain/mode';
import type { DeploymentCandidate, NewDeployment, StoredDeployment } from '../src/ports/deployment-store';
import type { Activities, DeploymentInput, DeploymentOpening, DeploymentPlan } from './contract';
import type { ActivityDeps } from './deps';
import { configurationDigest } from './support/actions';
import { deploymentAction } from './support/deployment-action';
import { requirePassed } from './support/passed-gate';

type Refused = Extract<DeploymentOpening, { readonly outcome: 'refused' }>;

/** Says whether an intervention may be asked to go live, and writes the request down. */
export function openDeployment(deps: ActivityDeps): Activities['openDeployment'] {
  const { deployments } = deps.stores;
  return async (input): Promise<DeploymentOpening> => {
    const candidate = await deployments.candidate(input.interventionId);
    try {
      const refused =
        (await deployments.find(input.deploymentId)) === undefined
          ? await barred(deps, input, candidate)
          : undefined;
      if (refused !== undefined) return refused;
      const asked = newDeployment(input, candidate);
      const plan = planOf(deps, input);
      const action = await deploymentAction(deps, asked, candidate, plan);
      const standing = await deployments.open(asked);
      if (standing.id !== asked.id) return conflict(standing);
      return { outcome: 'opened', action, plan, blockedHint: await blockedHint(deps, input) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { outcome: 'refused', code: error.code, message: error.message };
    }
  };
}

/** Makes the intervention live, if it still is what passed the gate. */
export function publishDeployment(deps: ActivityDeps): Activities['publishDeployment'] {
  const { deployments } = deps.stores;
  return async ({ input, gate, plan }) => {
    const candidate = await deployments.candidate(input.interventionId);
    const deployment = await deployments.get(input.deploymentId);
    await requirePassed(deps, gate, await deploymentAction(deps, deployment, candidate, plan));
    const figures = judgeWatch([], []);
    const watch: Watch = {
      ...figures,
      verdict: 'watching',
      reason: watchReason('watching', figures),
      pairsPlanned: plan.watchReplays,
      endsAt: new Date(Date.now() + plan.watchMs).toISOString(),
      paused: null,
    };
    return deployments.publish({ deploymentId: deployment.id, gate, watch });
  };
}

/** Ends what never went live; takes back what is live and will not be watched any more. */
export function abandonDeployment({ stores }: ActivityDeps): Activities['abandonDeployment'] {
  const { deployments } = stores;
  return async ({ input, reason }) => {
    const { deploymentId } = input;
    const state = (await deployments.find(deploymentId))?.state;
    if (state === 'live') await deployments.rollBack({ deploymentId }, { by: 'workflow', reason });
    else if (state === undefined || state === 'requested') {
      await deployments.refuse({ ...input, id: deploymentId }, reason);
    }
  };
}

async function barred(
  deps: ActivityDeps,
  { channel, overrideReason }: DeploymentInput,
  { intervention, target, simulation }: DeploymentCandidate,
): Promise<Refused | undefined> {
  const { mode } = await deps.stores.mode.current();
  const today = configurationDigest(deps.targets.get(target).describe);
  const reasons = whatBars({
    channel,
    patchType: intervention.patch.type,
    mode,
    simulation:
      simulation === null
        ? null
        : { verdict: simulation.verdict, current: simulation.configurationDigest === today },
    overridden: overrideReason !== null,
  });
  if (reasons.length === 0) return undefined;
  const hint = await blockedHint(deps, { channel });
  const all = hint === null ? reasons : [...reasons, hint];
  return { outcome: 'refused', code: 'state_conflict', message: `it cannot be published: ${all.join('; ')}` };
}

/** What to do about a policy that blocks going live in the mode that counts; the gate is what refuses. */
async function blockedHint(
  { policy, stores }: ActivityDeps,
  { channel }: Pick<DeploymentInput, 'channel'>,
): Promise<string | null> {
  const mode = stricterMode(channel, (await stores.mode.current()).mode);
  const override = policy().actionOverrides.DEPLOY_INTERVENTION?.[mode];
  return override === 'block'
    ? `the risk policy blocks DEPLOY_INTERVENTION in ${mode}: lift that override (action_overrides) first`
    : null;
}

function conflict({ id, channel, state }: StoredDeployment): Refused {
  return {
    outcome: 'refused',
    code: 'state_conflict',
    message: `deployment ${id} of it is ${state} on the channel ${channel} already`,
  };
}

function newDeployment(input: DeploymentInput, candidate: DeploymentCandidate): NewDeployment {
  const { deploymentId, interventionId, channel, overrideReason, workflowId, requestedBy } = input;
  return {
    id: deploymentId,
    interventionId,
    simulationId: candidate.simulation?.id ?? null,
    channel,
    target: candidate.target,
    patch: candidate.intervention.patch,
    overrideReason,
    workflowId,
    requestedBy,
  };
}

function planOf(deps: ActivityDeps, { channel }: DeploymentInput): DeploymentPlan {
  const { executionTimeoutMs } = deps.settingsFor(channel);
  return { ...deps.watch, executionTimeoutMs };
}
