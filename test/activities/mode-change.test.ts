import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { z } from 'zod';
import type { Activities, StepInput } from '../../activities/contract';
import { experimentAction } from '../../activities/support/actions';
import { loadConfig } from '../../src/config';
import { activitiesOf, openContainer, type Container, measuredOf } from '../../src/container';
import { createMetrics } from '../../src/observability/metrics';
import type { Mode } from '../../src/domain/mode';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { cycleInput } from '../support/stored-cycle';

type Cycle = { readonly cycleId: string };

let database: TestDatabase;
let home: string;
let container: Container;
let activities: Activities;

beforeAll(async () => {
  database = await createTestDatabase();
  home = await mkdtemp(join(tmpdir(), 'tinman-mode-change-'));
  const env = { TINMAN_DATABASE_URL: database.serviceUrl, TINMAN_HOME: home };
  const config = loadConfig({ cwd: home, env });
  container = await openContainer(config, env);
  const metrics = createMetrics(measuredOf(container));
  activities = activitiesOf(container, config, metrics, new AbortController().signal);
}, 60_000);
afterAll(async () => {
  await container?.close();
  await database?.drop();
  await rm(home, { recursive: true, force: true });
});

const inActivity = <I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> =>
  new MockActivityEnvironment().run(activity, input);

/** A cycle of lab with one destructive test, that has not come to its gate. */
async function destructiveTest() {
  const { workflowId, researcher: _researcher, researcherVersion: _version, ...input } = cycleInput();
  await activities.openCycle({ ...input, workflowId });
  const { cycleId } = input;
  await inActivity((cycle: Cycle) => activities.generateHypotheses(cycle), { cycleId });
  const { steps } = await inActivity((cycle: Cycle) => activities.designExperiments(cycle), { cycleId });
  const subjectId = steps[0]?.subjectId ?? '';
  const { design } = await container.stores.experiments.get(subjectId);
  await container.prisma.experiment.update({
    where: { id: subjectId },
    data: {
      destructive: true,
      design: z.json().parse(JSON.parse(JSON.stringify({ ...design, destructive: true }))) ?? {},
    },
  });
  const experiment = await container.stores.experiments.get(subjectId);
  const action = experimentAction(experiment, container.targets.get('demo').describe);
  return { cycleId, workflowId, subjectId, action };
}

async function gateOf({ cycleId, workflowId, action }: Awaited<ReturnType<typeof destructiveTest>>) {
  const [verdict] = await activities.assessActions({
    origin: { cycleId, workflowId, requestedBy: 'ana' },
    startMode: 'lab',
    actions: [{ ...action, approvalId: randomUUID() }],
  });
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

const put = (mode: Mode) =>
  container.prisma.modeState.update({ where: { id: 1 }, data: { mode, version: { increment: 1 } } });

it('a destructive test of lab does not run once the mode is shadow, whether it waits before or behind its gate', async () => {
  const waiting = await destructiveTest();
  expect(waiting.action.actionType).toBe('DESTRUCTIVE_TEST');
  const passed = await gateOf(waiting);
  expect(passed).toMatchObject({ outcome: 'go', mode: 'lab' });

  await put('shadow');
  const run = inActivity((step: StepInput) => activities.runExperiment(step), {
    cycleId: waiting.cycleId,
    subjectId: waiting.subjectId,
    gate: passed,
    timeoutMs: 10_000,
  });
  await expect(run).rejects.toMatchObject({ type: 'mode_changed' });
  const before = { experimentId: waiting.subjectId };
  expect(await container.prisma.experimentRun.count({ where: before })).toBe(0);
  expect(await container.prisma.costEntry.count({ where: { cycleId: waiting.cycleId } })).toBe(0);

  const again = await gateOf(waiting);
  expect(again).toMatchObject({ outcome: 'refused', tier: 'block', mode: 'shadow' });
});
