import { DomainError } from '../src/domain/errors';
import type { ExperimentDesign } from '../src/domain/experiment';
import { LEAST_FOLLOW_UP_CALLS } from '../src/domain/follow-up';
import { runsPermitted, stricterMode } from '../src/domain/mode';
import type { Mode } from '../src/domain/mode';
import { assessRisk } from '../src/domain/risk';
import type { NewFollowUp, StoredFollowUp } from '../src/ports/follow-up-store';
import type { StoredExperiment, StoredFinding } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, PlannedSteps } from './contract';
import type { ActivityDeps } from './deps';
import { followUpAction } from './support/actions';
import { plannedSteps } from './support/planned-steps';
import { judgedBoundOf, targetPrice } from './support/reckoning';
import { stillSpendable } from './support/spendable';

/** What every follow-up of a cycle is planned from. */
interface Terms {
  readonly target: Target;
  readonly mode: Mode;
  readonly calls: number;
  readonly costLimitMicroUsd: number;
}

/** A follow-up for every failure that has none, then those still to be done. None at all with `follow_up_calls: 0`. */
export function planFollowUps(deps: ActivityDeps): Activities['planFollowUps'] {
  const { cycles, experiments, failures, followUps, mode: modes } = deps.stores;
  return async ({ cycleId }): Promise<PlannedSteps> => {
    const [cycle, current] = await Promise.all([cycles.get(cycleId), modes.current()]);
    const target = deps.targets.get(cycle.request.target);
    const mode = stricterMode(cycle.startMode, current.mode);
    const settings = deps.settingsFor(mode);
    if (settings.followUpCalls === 0) return plannedSteps([], 0, false, stepOf([], [], target));
    const [found, designed, existing] = await Promise.all([
      failures.list(cycleId),
      experiments.list(cycleId),
      followUps.list(cycleId),
    ]);
    const stored: StoredFollowUp[] = [...existing];
    const followed = new Set(existing.map(({ failureId }) => failureId));
    const missing = found.filter(({ id }) => !followed.has(id));
    if (missing.length > 0) {
      const share = (await stillSpendable(deps, cycle)) / missing.length;
      const terms: Terms = {
        target,
        mode,
        calls: runsPermitted(mode, settings.followUpCalls),
        costLimitMicroUsd: Math.floor(Math.min(settings.costLimitMicroUsd, share)),
      };
      const planned = missing.map((finding) => newFollowUp(deps, finding, designed, terms));
      await followUps.plan(planned);
      stored.push(...planned.map(asStored));
    }
    const open = stored.filter(({ state }) => state === 'planned' || state === 'running');
    const total = stored.filter(({ state }) => state !== 'skipped').length;
    return plannedSteps(open, total, false, stepOf(found, designed, target));
  };
}

function newFollowUp(
  deps: ActivityDeps,
  finding: StoredFinding,
  designed: readonly StoredExperiment[],
  { target, mode, calls, costLimitMicroUsd }: Terms,
): NewFollowUp {
  const { cases = [], maxOutputTokens = 0 } = designOf(finding, designed) ?? {};
  const price = targetPrice(deps, target, mode);
  const { configuration } = target.describe;
  const dearest = Math.max(
    0,
    ...cases.map((testCase) => judgedBoundOf(deps, mode, testCase, configuration, maxOutputTokens, price)),
  );
  const planned = {
    id: deps.recordId('follow_up', finding.id),
    failureId: finding.id,
    cycleId: finding.cycleId,
    callsPermitted: calls,
    costLimitMicroUsd,
    estimatedCostMicroUsd: Math.min(calls * dearest, costLimitMicroUsd),
  };
  return { ...planned, skipped: whyNot(deps, planned, finding, designed, target, mode) };
}

/** Why a failure is not followed up. It is worth no person's time: where one would have to be asked, it is left. */
function whyNot(
  deps: ActivityDeps,
  followUp: Pick<StoredFollowUp, 'id' | 'callsPermitted' | 'estimatedCostMicroUsd'>,
  finding: StoredFinding,
  designed: readonly StoredExperiment[],
  target: Target,
  mode: Mode,
): NewFollowUp['skipped'] {
  const { callsPermitted: calls } = followUp;
  const design = designOf(finding, designed);
  if (calls < LEAST_FOLLOW_UP_CALLS)
    return {
      reason: 'too_few_calls',
      detail: `${mode} mode permits ${calls} calls, it takes ${LEAST_FOLLOW_UP_CALLS}`,
    };
  if (design?.cases.some(({ load }) => load !== undefined) !== false)
    return { reason: 'load_test', detail: 'each play of a load test is many calls' };
  const action = followUpAction(followUp, finding, design, target.describe);
  const { tier, reason } = assessRisk({ ...action, type: action.actionType }, mode, deps.policy());
  if (tier === 'review' && mode !== 'lab') return { reason: 'person_needed', detail: reason };
  return null;
}

function stepOf(found: readonly StoredFinding[], designed: readonly StoredExperiment[], target: Target) {
  return (followUp: StoredFollowUp) => {
    const finding = found.find(({ id }) => id === followUp.failureId);
    const design = finding && designOf(finding, designed);
    if (finding === undefined || design === undefined)
      throw new DomainError('not_found', `follow-up ${followUp.id} has no failure or no experiment`);
    return {
      subjectId: finding.id,
      title: `follow up "${finding.trigger}" (${finding.failureType})`,
      action: followUpAction(followUp, finding, design, target.describe),
    };
  };
}

function asStored({ skipped, ...planned }: NewFollowUp): StoredFollowUp {
  return { ...planned, state: skipped === null ? 'planned' : 'skipped', paraphrases: null, result: null };
}

function designOf(
  { experimentId }: Pick<StoredFinding, 'experimentId'>,
  designed: readonly StoredExperiment[],
): ExperimentDesign | undefined {
  return designed.find(({ id }) => id === experimentId)?.design;
}
