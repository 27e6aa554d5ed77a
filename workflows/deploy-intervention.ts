import * as wf from '@temporalio/workflow';
import type { DeploymentInput, DeploymentOpening, DeploymentPlan } from '../activities/contract';
import type { GateVerdict } from '../src/domain/approval';
import { DomainError } from '../src/domain/errors';
import type { DeploymentProgress } from './messages';
import { execution, lasting, quick } from './support/activities';
import { DeploymentDesk } from './support/deployment-desk';
import { failureType, rootMessage } from './support/failures';
import { passGate } from './support/gate';

wf.setWorkflowOptions({ failureExceptionTypes: [DomainError] }, deployIntervention);

type Opened = Extract<DeploymentOpening, { readonly outcome: 'opened' }>;

/** Refusals of the executor after which the gate is asked again: what it said no longer holds. */
const ASSESSED_ANEW: ReadonlySet<string | undefined> = new Set(['mode_changed', 'policy_changed']);

/** A round replays two pairs. */
const PAIRS_A_ROUND = 2;
/** The share of the time over which the rounds are spread: the rest makes up for what could not be assessed. */
const SPREAD = 0.8;

/** A watch under way: all that one run of the workflow hands to the next. */
interface Watching {
  readonly plan: DeploymentPlan;
  readonly startedAtMs: number;
  /** Rounds that are complete. */
  round: number;
  /** Times at which a round was due. */
  slot: number;
}

/** An intervention goes live: a person approves, it is published, watched by canary replays, and kept or taken back. */
export async function deployIntervention(
  input: DeploymentInput,
  carried?: Watching,
): Promise<DeploymentProgress> {
  const desk = new DeploymentDesk(input);
  try {
    const watching = carried ?? (await goLive(input, desk));
    if (watching !== undefined) await watch(input, desk, watching);
  } catch (error) {
    if (error instanceof wf.ContinueAsNew) throw error;
    const reason = wf.isCancellation(error) ? 'its workflow was cancelled' : rootMessage(error);
    desk.approvals.withdrawAll(reason);
    await wf.CancellationScope.nonCancellable(() => lasting.abandonDeployment({ input, reason }));
    desk.show({ state: 'refused', message: reason });
    await wf.CancellationScope.nonCancellable(() => wf.condition(wf.allHandlersFinished));
    throw error;
  }
  await wf.condition(wf.allHandlersFinished);
  return desk.progress;
}

/** From the request to the moment it is live; undefined when it never is. */
async function goLive(input: DeploymentInput, desk: DeploymentDesk): Promise<Watching | undefined> {
  const opening = await quick.openDeployment(input);
  if (opening.outcome === 'refused') return refuse(input, desk, opening.code, opening.message);
  for (;;) {
    const { requestedBy, channel: atLeast } = input;
    const asked = { cycleId: null, requestedBy, atLeast, action: opening.action };
    const { passed, verdict, decided, reason } = await passGate(desk.approvals, asked);
    if (!passed && decided !== undefined) return refuse(input, desk, 'state_conflict', reason);
    if (!passed) {
      const { blockedHint } = opening;
      return refuse(
        input,
        desk,
        'action_blocked',
        blockedHint === null ? reason : `${reason}; ${blockedHint}`,
      );
    }
    const barred = await publish(input, verdict, opening);
    if (barred === undefined) return { plan: opening.plan, startedAtMs: Date.now(), round: 0, slot: 0 };
    if (barred !== 'assess anew') return refuse(input, desk, 'state_conflict', barred.reason);
  }
}

/** What bars it at the last moment; undefined once it is published. */
async function publish(
  input: DeploymentInput,
  gate: GateVerdict,
  { plan }: Opened,
): Promise<'assess anew' | { readonly reason: string } | undefined> {
  try {
    const publication = await lasting.publishDeployment({ input, gate, plan });
    return publication.outcome === 'refused' ? publication : undefined;
  } catch (error) {
    if (wf.isCancellation(error) || failureType(error) === undefined) throw error;
    return ASSESSED_ANEW.has(failureType(error)) ? 'assess anew' : { reason: rootMessage(error) };
  }
}

async function refuse(
  input: DeploymentInput,
  desk: DeploymentDesk,
  code: DomainError['code'],
  message: string,
): Promise<undefined> {
  await lasting.abandonDeployment({ input, reason: message });
  desk.show({ state: 'refused', code, message });
  return undefined;
}

/** Rounds of canaries, spread over the time, until there are enough, the time is over, or harm is shown. */
async function watch(input: DeploymentInput, desk: DeploymentDesk, watching: Watching): Promise<void> {
  const { plan, startedAtMs } = watching;
  const { deploymentId } = input;
  desk.show({ state: 'live', message: 'published, and watched' });
  const endsAtMs = startedAtMs + plan.watchMs;
  const everyMs = (SPREAD * plan.watchMs) / Math.ceil(plan.watchReplays / PAIRS_A_ROUND);
  for (let over = false; !over;) {
    // Rounds that took long, or workers that were away, do not make the watch longer.
    const dueAtMs = Math.max(Date.now(), startedAtMs + watching.slot * everyMs);
    if (dueAtMs >= endsAtMs) {
      await desk.wokenAt(endsAtMs, 'end of the watch');
      break;
    }
    await desk.wokenAt(dueAtMs, 'next canaries');
    over = desk.withdrawn || (await replayed(deploymentId, watching, desk));
    watching.slot += 1;
    if (!over && wf.workflowInfo().continueAsNewSuggested) {
      await wf.condition(wf.allHandlersFinished);
      await wf.continueAsNew<typeof deployIntervention>(input, watching);
    }
  }
  const { state, message } = await lasting.concludeWatch({ deploymentId });
  desk.show({ state, message });
}

/** Whether the watch is over after this round. */
async function replayed(deploymentId: string, watching: Watching, desk: DeploymentDesk): Promise<boolean> {
  const { plan, round } = watching;
  try {
    const run = execution(plan, `canaries, round ${round + 1}`);
    const {
      live: stillLive,
      paused,
      harm,
      pairs,
    } = await run.replayCanaries({
      deploymentId,
      round,
      timeoutMs: plan.executionTimeoutMs,
    });
    if (!paused) watching.round += 1;
    desk.show({ state: 'live', message: `watched over ${pairs} of ${plan.watchReplays} canary replays` });
    return !stillLive || harm || pairs >= plan.watchReplays;
  } catch (error) {
    if (wf.isCancellation(error)) throw error;
    wf.log.warn('a round of canaries could not be played', { round, error: rootMessage(error) });
    return false;
  }
}
