import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { runTool } from '../../activities/tools';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import { createDetectionEngines } from '../../src/detection/engines';
import type { Tool } from '../../src/ports/tool';
import { ToolRegistry } from '../../src/tools';
import { startStores, type StoredWorld } from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

const policy = loadRiskPolicy(DEFAULT_POLICY);

async function interrupted(idempotent: boolean) {
  let calls = 0;
  const tool: Tool = {
    name: 'act',
    description: 'Acts.',
    riskLevel: 'low',
    parameters: { type: 'object' },
    reversible: true,
    idempotent,
    timeoutMs: 1_000,
    execute: () => {
      calls += 1;
      return Promise.resolve('done');
    },
    rollback: () => Promise.resolve('undone'),
  };
  const { stores } = world;
  const id = randomUUID();
  const open = (executionId: string, rollbackOf: string | null) =>
    stores.toolExecutions.open({
      id: executionId,
      idempotencyKey: executionId,
      tool: 'act',
      riskLevel: 'low',
      actionType: 'TOOL_CALL',
      reversible: true,
      description: '',
      arguments: {},
      requestedBy: 'ana',
      workflowId: `tool-act-${executionId}`,
      rollbackOf,
    });
  await open(id, null);
  const tools = new ToolRegistry(createDetectionEngines().schemaViolation, [tool]);
  const activity = runTool({ stores, policy: () => policy, tools });
  const run = (executionId: string) =>
    new MockActivityEnvironment().run(activity, { executionId, gate: null });
  return { id, open, run, calls: () => calls, get: () => stores.toolExecutions.get(id) };
}

describe('a call whose process was killed in the middle', () => {
  it('is not made again where twice is not as good as once: nobody knows what it came to', async () => {
    const { id, run, calls, get } = await interrupted(false);
    expect(await world.stores.toolExecutions.begin(id, null)).toBe('begun');
    expect(await run(id)).toEqual({ status: 'unknown' });
    expect(calls()).toBe(0);
    expect(await get()).toMatchObject({
      status: 'unknown',
      error: expect.stringContaining('may have been done'),
    });
  });

  it('is made again where it is', async () => {
    const { id, run, calls } = await interrupted(true);
    await world.stores.toolExecutions.begin(id, null);
    expect(await run(id)).toEqual({ status: 'succeeded' });
    expect(await run(id)).toEqual({ status: 'succeeded' });
    expect(calls()).toBe(1);
  });
});

it('a call that was taken back says so', async () => {
  const { id, open, run, get } = await interrupted(true);
  await run(id);
  const rollback = randomUUID();
  await open(rollback, id);
  expect(await run(rollback)).toEqual({ status: 'succeeded' });
  expect((await get()).status).toBe('rolled_back');
  expect(await world.audited(id, 'tool_executed')).toBe(1);
});
