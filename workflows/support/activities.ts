import * as wf from '@temporalio/workflow';
import type { Activities, CyclePlan } from '../../activities/contract';

/** Steps of a few milliseconds that only touch the database: no round trip to the task queue, one history event. */
export const quick = wf.proxyLocalActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/**
 * Writing down what a message decided. Never local: an update is only part of history once its workflow task is, and a
 * local activity runs before that, so a task that is lost would leave a decision in the database that nobody took.
 */
export const witnessed = wf.proxyActivities<Pick<Activities, 'recordApproval' | 'recordPause'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/** Telling people of what still waits: tried until it is too late for it. */
export function reminding(untilMs: number): Pick<wf.ActivityInterfaceFor<Activities>, 'remindApproval'> {
  return wf.proxyActivities<Pick<Activities, 'remindApproval'>>({
    startToCloseTimeout: '30 seconds',
    scheduleToCloseTimeout: Math.max(1, untilMs - Date.now()),
    retry: { initialInterval: '200 milliseconds', maximumInterval: '1 minute' },
  });
}

/** Steps of a few milliseconds with an effect that must not be there before history knows of it. */
export const lasting = wf.proxyActivities<
  Pick<Activities, 'applyTransition' | 'publishDeployment' | 'abandonDeployment' | 'concludeWatch'>
>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/** Reading what was uploaded: as long as it takes, and again where the last worker left off. */
export const ingestion = wf.proxyActivities<Pick<Activities, 'ingestUpload'>>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  cancellationType: wf.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Research steps that ask a model. */
const thoughtful = wf.proxyActivities<Activities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
  cancellationType: wf.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** The research steps, where the researcher runs: beside the workflow when it needs no model. */
export function research(plan: CyclePlan): wf.ActivityInterfaceFor<Activities> {
  return plan.offline ? quick : thoughtful;
}

/** A step that calls the target: heart-beats every two seconds, goes on after a crash with the runs that are missing. */
export function execution(
  plan: Pick<CyclePlan, 'executionTimeoutMs'>,
  summary: string,
): wf.ActivityInterfaceFor<Activities> {
  return wf.proxyActivities<Activities>({
    startToCloseTimeout: plan.executionTimeoutMs + 60_000,
    scheduleToCloseTimeout: '7 days',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    cancellationType: wf.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary,
  });
}

/**
 * A call of a tool; where it runs in one process only, on the task queue of that, and given up when nobody is there to
 * take it. A call whose process is gone is looked at again, once its heartbeat is missed.
 */
export function toolCall(
  taskQueue: string | undefined,
): wf.ActivityInterfaceFor<Pick<Activities, 'runTool'>> {
  return wf.proxyActivities<Pick<Activities, 'runTool'>>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
    cancellationType: wf.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(taskQueue === undefined
      ? { scheduleToCloseTimeout: '1 day' }
      : { taskQueue, scheduleToStartTimeout: '30 seconds', scheduleToCloseTimeout: '15 minutes' }),
  });
}
