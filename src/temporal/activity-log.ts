import { trace } from '@opentelemetry/api';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Activities } from '../../activities/contract';
import type { CyclePhase } from '../domain/cycle';
import { withLogFields, type LogFields } from '../log-context';
import type { Logger } from '../ports/logger';

/** The phase that an activity belongs to; the others serve several. */
const PHASES: Partial<Record<keyof Activities, CyclePhase>> = {
  generateHypotheses: 'hypothesis_generation',
  designExperiments: 'experiment_design',
  runExperiment: 'execution',
  discoverFailures: 'failure_discovery',
  designInterventions: 'intervention_design',
  simulateIntervention: 'simulation',
  planFollowUps: 'simulation',
  followUpFailure: 'simulation',
  learn: 'learning',
};

/**
 * Runs activities so that every line logged in them says which one it is, of which workflow, cycle and phase. Their ends
 * are lines of level debug; failures are told by the SDK.
 */
export function logActivities(log: Logger): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const { activityType, attempt, workflowExecution } = info;
        const about = cycleOf(activityType, input.args[0]);
        trace.getActiveSpan()?.setAttributes(prefixed(about));
        const fields = {
          ...about,
          workflow_id: workflowExecution?.workflowId,
          run_id: workflowExecution?.runId,
          activity: activityType,
          attempt,
        };
        return withLogFields(fields, async () => {
          const startedAt = performance.now();
          const result = await next(input);
          log.debug({ duration_ms: Math.round(performance.now() - startedAt) }, 'activity done');
          return result;
        });
      },
    },
  });
}

function cycleOf(activityType: string, input: unknown): Record<string, string> {
  const phase = Object.entries(PHASES).find(([name]) => name === activityType)?.[1];
  const cycleId = typeof input === 'object' && input !== null && 'cycleId' in input ? input.cycleId : null;
  return {
    ...(typeof cycleId === 'string' ? { cycle_id: cycleId } : {}),
    ...(phase === undefined ? {} : { phase }),
  };
}

function prefixed(fields: LogFields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`tinman.${name}`, String(value)]));
}
