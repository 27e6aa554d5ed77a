import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowBundle } from '../support/workflow-bundle';
import { eventCounts, readHistory, recordedHistories, tracesOfMachine, type History } from './history';

const HISTORIES = recordedHistories();

/** The event that makes each history what its name says. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  completed: ['WORKFLOW_EXECUTION_COMPLETED', 'ACTIVITY_TASK_COMPLETED', 'MARKER_RECORDED'],
  scheduled: ['CHILD_WORKFLOW_EXECUTION_COMPLETED', 'MARKER_RECORDED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'budget-exhausted': ['WORKFLOW_EXECUTION_COMPLETED'],
  approvals: [
    'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
    'WORKFLOW_EXECUTION_SIGNALED',
    'TIMER_FIRED',
    'TIMER_CANCELED',
    'WORKFLOW_EXECUTION_COMPLETED',
  ],
  cancelled: ['WORKFLOW_EXECUTION_CANCEL_REQUESTED', 'ACTIVITY_TASK_CANCELED', 'WORKFLOW_EXECUTION_CANCELED'],
  'cancelled-waiting': [
    'TIMER_CANCELED',
    'WORKFLOW_EXECUTION_CANCEL_REQUESTED',
    'WORKFLOW_EXECUTION_CANCELED',
  ],
  paused: ['WORKFLOW_EXECUTION_SIGNALED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'model-researcher': ['ACTIVITY_TASK_COMPLETED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'mode-changed': ['WORKFLOW_EXECUTION_UPDATE_COMPLETED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'mode-superseded': ['WORKFLOW_EXECUTION_SIGNALED', 'TIMER_CANCELED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'tool-approved': ['WORKFLOW_EXECUTION_UPDATE_COMPLETED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'deployment-rejected': ['WORKFLOW_EXECUTION_UPDATE_COMPLETED', 'WORKFLOW_EXECUTION_COMPLETED'],
  'continued-1': ['WORKFLOW_EXECUTION_CONTINUED_AS_NEW'],
  'continued-2': ['WORKFLOW_EXECUTION_COMPLETED'],
};

describe('the workflows of today', () => {
  let bundle: { readonly codePath: string };
  beforeAll(async () => {
    const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger, shutdownSignals: [], telemetryOptions: { logging: { filter } } });
    bundle = await workflowBundle();
  }, 60_000);

  const replay = (history: History) => Worker.runReplayHistory({ workflowBundle: bundle }, history);
  const recorded = (name: string): History => {
    const history = HISTORIES.get(name);
    if (history === undefined) throw new Error(`there is no history ${name}`);
    return history;
  };

  it('are held against every recorded history', () => {
    expect([...HISTORIES.keys()].toSorted()).toEqual(Object.keys(TELLING).toSorted());
  });

  it.each(Object.keys(TELLING))('take up %s where it was', async (name) => {
    const history = recorded(name);
    expect([...eventCounts(history).keys()]).toEqual(expect.arrayContaining([...(TELLING[name] ?? [])]));
    expect(tracesOfMachine(history)).toEqual([]);
    await replay(history);
  });

  it.each(Object.keys(TELLING))('would be refused over %s if they did another thing', async (name) => {
    const refusal: unknown = await replay(withOtherSteps(recorded(name))).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DeterminismViolationError);
    expect(String(refusal)).toContain('TMPRL1100');
  });
});

/** The same history of a workflow that called other activities. */
function withOtherSteps({ events }: History): History {
  const text = JSON.stringify({ events });
  const renamed = text
    .replaceAll(/"activityType":\{"name":"\w+"\}/g, '"activityType":{"name":"another"}')
    .replaceAll(/"data":"([^"]+)"/g, (_match, data: string) => `"data":"${renamedPayload(data)}"`);
  return readHistory(renamed);
}

/** A local activity is named in the payload of its marker. */
function renamedPayload(data: string): string {
  const text = Buffer.from(data, 'base64').toString('utf8');
  return Buffer.from(text.replace(/"activity_type":"\w+"/, '"activity_type":"another"')).toString('base64');
}
