import { createHash } from 'node:crypto';
import { DomainError } from '../src/domain/errors';
import { finalVerdict, judgeWatch, showsHarm, watchReason } from '../src/domain/harm-watch';
import type { Watch, WatchVerdict } from '../src/domain/harm-watch';
import { stricterMode } from '../src/domain/mode';
import type { StoredDeployment } from '../src/ports/deployment-store';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './support/heartbeat';
import { playAll } from './support/play-all';
import type { PlayOutcome } from './support/play-all';
import { openSessionOf, recordedPlay } from './support/play-session';
import { laneKey, LanePlanner, pairsOf, replaySources } from './support/replay-lanes';
import type { LanePlan } from './support/replay-lanes';

/** Above those of experiments and replays: a canary never repeats the draw of the simulation that spoke for it. */
const FIRST_CANARY_SEED = 2_000_000;
/** Hexadecimal digits of a digest that keep seeds below 2^31. */
const SEED_DIGITS = 7;

/** One round of the watch: what is missing of its pairs, then what all canaries show so far. */
export function replayCanaries(deps: ActivityDeps): Activities['replayCanaries'] {
  const { deployments } = deps.stores;
  return async ({ deploymentId, round, timeoutMs }) => {
    const deployment = await deployments.get(deploymentId);
    if (deployment.state !== 'live') return { live: false, paused: false, harm: false, pairs: 0 };
    const paused = await withHeartbeat((signal) =>
      replayRound(deps, deployment, round, { signal, deadlineMs: Date.now() + timeoutMs }),
    );
    const watch = await watchOf(deps, deployment, 'watching', paused);
    await deployments.saveWatch(deploymentId, watch);
    return { live: true, paused: paused !== null, harm: showsHarm(watch), pairs: watch.pairs };
  };
}

/** Ends the watch by what its canaries show: harm takes the deployment back, anything else keeps it and says so. */
export function concludeWatch(deps: ActivityDeps): Activities['concludeWatch'] {
  const { deployments } = deps.stores;
  return async ({ deploymentId }) => {
    const deployment = await deployments.get(deploymentId);
    if (deployment.state === 'live') {
      const figures = await figuresOf(deps, deployment);
      const verdict = finalVerdict(figures);
      const watch = await watchOf(deps, deployment, verdict, null);
      if (verdict === 'harm') {
        await deployments.rollBack({ deploymentId }, { by: 'watch', reason: watch.reason, watch });
      } else {
        await deployments.keep(deploymentId, watch);
      }
    }
    const { state, watch, endReason } = await deployments.get(deploymentId);
    return { state, message: endReason ?? watch?.reason ?? state };
  };
}

async function figuresOf({ stores }: ActivityDeps, { id }: StoredDeployment) {
  const canaries = await stores.deployments.canaries(id);
  return judgeWatch(pairsOf(canaries, false), pairsOf(canaries, true));
}

async function watchOf(
  deps: ActivityDeps,
  deployment: StoredDeployment,
  verdict: WatchVerdict,
  paused: string | null,
): Promise<Watch> {
  const { watch } = deployment;
  if (watch === null) throw new DomainError('state_conflict', `deployment ${deployment.id} was never live`);
  const figures = await figuresOf(deps, deployment);
  const { pairsPlanned, endsAt } = watch;
  return { ...figures, verdict, reason: watchReason(verdict, figures), pairsPlanned, endsAt, paused };
}

/**
 * Plays one failing case and one control, or two failing cases where there is no control. What no budget has room for is
 * not recorded: the round is then to be gone on with later.
 * @returns why nothing could be played, or not everything; null when the round is complete.
 */
async function replayRound(
  deps: ActivityDeps,
  deployment: StoredDeployment,
  round: number,
  until: { readonly signal: AbortSignal; readonly deadlineMs: number },
): Promise<string | null> {
  try {
    const { channel, id } = deployment;
    const target = deps.targets.get(deployment.target);
    const mode = stricterMode(channel, (await deps.stores.mode.current()).mode);
    const missing = await missingLanes(deps, deployment, round, mode);
    const session = openSessionOf(deps, { cycleId: null, scopes: [], mode }, target, {
      ...until,
      stepScope: `deployment:${id}`,
    });
    let paused: string | null = null;
    await playAll(missing, session, deps.settingsFor(mode).maxParallel, async (outcomes) => {
      paused = (await recordRound(deps, id, outcomes)) ?? paused;
    });
    return paused;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error.message;
  }
}

async function recordRound(
  deps: ActivityDeps,
  deploymentId: string,
  outcomes: readonly PlayOutcome<LanePlan>[],
): Promise<string | undefined> {
  const unpaid = outcomes.find(({ played }) => played.verdict.reason === 'budget');
  const canaries = outcomes
    .filter(({ played }) => played.verdict.reason !== 'budget')
    .map(({ plan, played }) => {
      const { id, control, pair, lane, caseIndex } = plan;
      return { ...recordedPlay(plan, played), id, control, pair, lane, caseIndex };
    });
  const settlements = outcomes.flatMap(({ played }) => played.settlements);
  await deps.stores.deployments.recordCanaries(deploymentId, canaries, settlements);
  return unpaid?.played.verdict.detail;
}

async function missingLanes(
  deps: ActivityDeps,
  deployment: StoredDeployment,
  round: number,
  mode: Parameters<ActivityDeps['settingsFor']>[0],
): Promise<readonly LanePlan[]> {
  const { deployments } = deps.stores;
  const { intervention, cycleId } = await deployments.candidate(deployment.interventionId);
  const { experiment, failingRuns, controls } = await replaySources(deps, cycleId, intervention.failureId);
  const target = deps.targets.get(deployment.target);
  const planner = new LanePlanner(deps, experiment, target, mode, deployment.patch);
  const failing = failingRuns.map(({ caseIndex }) => ({ control: false, caseIndex }));
  const guarding = controls.map(({ caseIndex }) => ({ control: true, caseIndex }));
  const turns = guarding.length === 0 ? [failing, failing] : [failing, guarding];
  const done = new Set((await deployments.canaries(deployment.id)).map(laneKey));
  return turns
    .flatMap((cases, turn) => {
      const pair = guarding.length === 0 ? 2 * round + turn : round;
      const stimulus = cases[pair % Math.max(1, cases.length)];
      const seed = firstSeed(deployment.id) + pair;
      return stimulus === undefined
        ? []
        : planner.lanes('canary', deployment.id, { ...stimulus, pair, seed });
    })
    .filter((lane) => !done.has(laneKey(lane)));
}

/** A deployment has seeds of its own, also against an earlier one of the same intervention. */
function firstSeed(deploymentId: string): number {
  const digest = createHash('sha256').update(deploymentId).digest('hex');
  return FIRST_CANARY_SEED + Number.parseInt(digest.slice(0, SEED_DIGITS), 16);
}
