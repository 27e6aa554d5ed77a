import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until } from './research-client';

jest.setTimeout(60_000);

const MATRIX = `base_matrix:
  lab: {S0: safe, S1: safe, S2: review, S3: review, S4: block}
  shadow: {S0: safe, S1: review, S2: review, S3: block, S4: block}
  production: {S0: review, S1: review, S2: block, S3: block, S4: block}
`;
const OTHER = `${MATRIX}action_overrides: {FINE_TUNE: {lab: block}}\n`;

const policySchema = z.looseObject({ version: z.string(), file: z.string() });

/** API and worker in processes of their own, under a policy file that the tests write. */
describe('a hang-up', () => {
  let folder: string;
  let model: OpenAiServer;
  let stack: Stack;
  let client: ResearchClient;

  const write = (text: string) => writeFile(join(folder, 'policy.yaml'), text);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinman-hang-up-'));
    await write(MATRIX);
    model = await startOpenAiServer([{ content: 'I do not know.' }]);
    const price = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
    const live = { kind: 'openai', base_url: model.url, model: 'any', price };
    const risk_policy = { path: join(folder, 'policy.yaml') };
    stack = await startStack({ mode: 'shadow', settings: { risk_policy, targets: { live } } });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await model?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const processes = () => [...stack.apis.map(({ process }) => process), ...stack.workers];
  const hangUp = () => {
    for (const { pid } of processes()) process.kill(pid, 'SIGHUP');
  };
  const policy = async () => policySchema.parse(await client.get('/policy'));
  const audited = (eventType: string) =>
    stack.query<{ subject_id: string; actor: string; details: unknown }>(
      'SELECT subject_id, actor, details FROM audit_logs WHERE event_type = $1 ORDER BY created_at',
      [eventType],
    );
  const untilAudited = (eventType: string, count: number) =>
    until(
      () => audited(eventType),
      (rows) => rows.length === count,
    );

  it('leaves API and worker with their policy when the file has a mistake, and says what it is', async () => {
    const before = await policy();
    expect(before.file).toBe('policy.yaml');
    expect(await audited('policy_loaded')).toMatchObject([{ subject_id: before.version }]);
    await write(MATRIX.replace('S0: safe', 'S0: save'));
    hangUp();
    const failed = await untilAudited('policy_reload_failed', 2);
    expect(failed).toMatchObject([{ subject_id: before.version }, { subject_id: before.version }]);
    expect(JSON.stringify(failed[0]?.details)).toContain('policy.yaml:2:13: base_matrix.lab.S0');
    expect(await policy()).toEqual(before);
    for (const name of ['api-1', 'worker-1']) {
      expect(stack.logs()).toMatch(new RegExp(`^${name}: .*the risk policy stays as it was.*mean safe`, 'm'));
    }
    expect(processes().map(({ isRunning }) => isRunning)).toEqual([true, true]);
  });

  it('has what was approved under the policy before assessed anew', async () => {
    await write(MATRIX);
    const cycleId = await client.start({ ...SMALL, focus: 'contradiction_loop', target: 'live' });
    const { workflow_id: workflowId } = await client.cycle(cycleId);
    const [first] = await client.pending(workflowId, 1);
    const before = await policy();
    await write(OTHER);
    hangUp();
    await untilAudited('policy_reloaded', 2);
    const after = await policy();
    expect(after.version).not.toBe(before.version);
    expect(await client.decide(first?.id ?? '', 'approved')).toMatchObject({ status: 200 });
    const [second] = await until(
      () => client.pending(workflowId, 1),
      ([one]) => one !== undefined && one.id !== first?.id,
    );
    expect(model.calls).toBe(0);
    expect(second).toMatchObject({ subject_id: first?.subject_id });
    expect(second?.action_digest).not.toBe(first?.action_digest);
    expect(await client.decide(second?.id ?? '', 'approved')).toMatchObject({ status: 200 });
    expect((await client.ended(cycleId)).state).toBe('completed');
    expect(model.calls).toBeGreaterThan(0);
    expect(
      await stack.query(
        'SELECT policy_version, state FROM approvals WHERE workflow_id = $1 ORDER BY created_at',
        [workflowId],
      ),
    ).toEqual([
      { policy_version: before.version, state: 'approved' },
      { policy_version: after.version, state: 'approved' },
    ]);
  });

  it('takes production back to shadow when .env has come to say so, whatever the environment says', async () => {
    await stack.query("UPDATE mode_state SET mode = 'production', version = version + 1");
    hangUp();
    await untilAudited('policy_reloaded', 4);
    expect(await client.get('/mode')).toMatchObject({ mode: 'production' });
    await writeFile(join(stack.home, '.env'), 'TINMAN_MODE=shadow\n');
    hangUp();
    const now = await until(
      () => client.get('/mode'),
      (seen) => z.looseObject({ mode: z.string() }).parse(seen).mode === 'shadow',
    );
    expect(now).toMatchObject({
      transitions: [{ from_mode: 'production', emergency: true, requested_by: 'SIGHUP' }, {}],
    });
    expect(await audited('mode_transition')).toMatchObject([{ actor: 'SIGHUP', subject_id: 'shadow' }]);
    await untilAudited('policy_reloaded', 6);
    expect(processes().map(({ isRunning }) => isRunning)).toEqual([true, true]);
  });

  it('is told at the start that the mode in force is not the configured one', async () => {
    await stack.query("UPDATE mode_state SET mode = 'lab', version = version + 1");
    await stack.workers[0]?.restart();
    expect(stack.logs()).toMatch(/^worker-1: .*the mode is lab and stays so, though shadow is configured/m);
    expect(await client.get('/mode')).toMatchObject({ mode: 'lab' });
  });

  it('still leaves SIGTERM the way to end a process', async () => {
    const api = stack.apis[0];
    await api?.process.kill('SIGTERM');
    expect(api?.process.isRunning).toBe(false);
  });
});
