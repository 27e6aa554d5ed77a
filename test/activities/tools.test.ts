import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { runTool } from '../../activities/tools';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import { createDetectionEngines } from '../../src/detection/engines';
import type { Tool } from '../../src/ports/tool';
import { ToolRegistry } from '../../src/tools';
import { toolActionType } from '../../src/domain/tool';
import type { GateVerdict } from '../../src/domain/approval';
import { startStores, type StoredWorld } from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

const policy = loadRiskPolicy(DEFAULT_POLICY);

const GATE: GateVerdict = {
  approvalId: randomUUID(),
  subjectId: randomUUID(),
  tier: 'safe',
  reason: 'a test',
  mode: 'lab',
  modeVersion: 0,
  policyVersion: policy.version,
  actionDigest: '',
  outcome: 'go',
};

async function interrupted(idempotent: boolean, execute?: Tool['execute']) {
  let calls = 0;
  const tool: Tool = {
    name: 'act',
    description: 'Acts.',
    riskLevel: 'low',
    parameters: { type: 'object' },
    reversible: true,
    idempotent,
    timeoutMs: 200,
    execute: (args, context) => {
      calls += 1;
      return execute?.(args, context) ?? Promise.resolve('done');
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
  return { id, open, run, activity, calls: () => calls, get: () => stores.toolExecutions.get(id) };
}

describe('a call whose process was killed in the middle', () => {
  it('is not made again where twice is not as good as once: nobody knows what it came to', async () => {
    const { id, run, calls, get } = await interrupted(false);
    expect(await world.stores.toolExecutions.begin(id, null, false)).toBe('begun');
    expect(await run(id)).toEqual({ status: 'unknown' });
    expect(calls()).toBe(0);
    const { status, error } = await get();
    expect(status).toBe('unknown');
    expect(error).toContain('may have been done');
  });

  it('is made again where it is', async () => {
    const { id, run, calls } = await interrupted(true);
    await world.stores.toolExecutions.begin(id, null, true);
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

describe('a call that is broken off', () => {
  const never: Tool['execute'] = () => new Promise(() => undefined);

  it('by its own time has failed, or nobody knows', async () => {
    const known = await interrupted(true, never);
    expect(await known.run(known.id)).toEqual({ status: 'failed' });
    const unknown = await interrupted(false, never);
    expect(await unknown.run(unknown.id)).toEqual({ status: 'unknown' });
    expect((await unknown.get()).error).toMatch(/longer than 200 ms: it may have been done, or not/);
  });

  it('by the end of its worker is left to the next one where twice is as good as once', async () => {
    const ended = async (idempotent: boolean) => {
      const environment = new MockActivityEnvironment();
      const call = await interrupted(idempotent, () => {
        environment.cancel('WORKER_SHUTDOWN');
        return new Promise(() => undefined);
      });
      const said = environment.run(call.activity, { executionId: call.id, gate: null });
      return { said, status: async () => (await call.get()).status };
    };
    const again = await ended(true);
    await expect(again.said).rejects.toThrow('WORKER_SHUTDOWN');
    expect(await again.status()).toBe('running');
    const once = await ended(false);
    expect(await once.said).toEqual({ status: 'unknown' });
  });
});

it('a call is not begun in another mode than it was assessed in, nor gone on with', async () => {
  const { id } = await interrupted(true);
  const { version } = await world.stores.mode.current();
  const calls = world.stores.toolExecutions;
  const other = { ...GATE, modeVersion: version + 1 };
  await expect(calls.begin(id, other, true)).rejects.toMatchObject({ code: 'mode_changed' });
  expect(await calls.begin(id, { ...GATE, modeVersion: version }, true)).toBe('begun');
  await expect(calls.begin(id, other, true)).rejects.toMatchObject({ code: 'mode_changed' });
  expect(await calls.begin(id, other, false)).toBe('interrupted');
});

it('a call of a tool that is riskier than it was taken for is not made', async () => {
  const { id, run, calls } = await interrupted(true);
  await world.prisma.toolExecution.update({ where: { id }, data: { riskLevel: 'high' } });
  await expect(run(id)).rejects.toMatchObject({ code: 'action_changed' });
  expect(calls()).toBe(0);
});

it('knows a destructive call as nothing else, whatever the caller says', () => {
  expect(toolActionType('destructive', 'TOOL_CALL')).toBe('DESTRUCTIVE_TOOL_CALL');
  expect(toolActionType('high', 'CONFIG_CHANGE')).toBe('CONFIG_CHANGE');
  expect(toolActionType('low')).toBe('TOOL_CALL');
});
