import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createDemoTarget } from '../../src/targets/demo';
import { startStack, type Stack } from '../support/stack';
import { startWireTarget, type WireTarget } from '../support/stack-demo-target';
import { ResearchClient, type Result } from './research-client';

jest.setTimeout(60_000);

const FAULTS = ['decimal_versions', 'lost_middle'];
const Regression = z.looseObject({
  failure_id: z.string(),
  trigger_signature: z.string(),
  was: z.string(),
  verdict: z.string().nullable(),
  found_as: z.string().nullable(),
});
const Ended = z.looseObject({
  id: z.string(),
  state: z.string(),
  result: z.looseObject({
    hypotheses_count: z.number(),
    interventions_count: z.number(),
    failures: z.array(z.looseObject({ novelty: z.string(), trigger_signature: z.string() })),
    regressions: z.array(Regression),
  }),
});

describe('the regression suite of a target', () => {
  let wire: WireTarget;
  let stack: Stack;
  let client: ResearchClient;
  let found: Result;

  beforeAll(async () => {
    wire = await startWireTarget(FAULTS);
    const { systemPrompt } = createDemoTarget({}).describe.configuration;
    const shop = { kind: 'openai', base_url: wire.baseUrl, model: 'demo-1', system_prompt: systemPrompt };
    stack = await startStack({ settings: { targets: { shop } } });
    client = await ResearchClient.at(stack.url);
    found = await client.run({
      ...{ target: 'shop', focus: 'logic_error', max_hypotheses: 1, max_experiments: 2 },
      ...{ runs_per_experiment: 10, replay_pairs: 5 },
    });
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await wire.stop();
  });

  /** What `tinman cycle start --regressions` ends with, and the verdicts, which must all be of the known failures. */
  async function suite(...args: string[]) {
    const start = ['cycle', 'start', '--regressions', '--target', 'shop', '--json', ...args];
    const { code, stdout, stderr } = await stack.cli(...start);
    const ended = Ended.safeParse(JSON.parse(stdout)).data;
    if (ended === undefined) throw new Error(`ended with ${code}: ${stdout}${stderr}`);
    const { regressions } = ended.result;
    expect(regressions.map((one) => one.trigger_signature).toSorted()).toEqual(
      found.failures.map((failure) => failure.trigger_signature).toSorted(),
    );
    return { code, ended, regressions, verdicts: [...new Set(regressions.map(({ verdict }) => verdict))] };
  }

  it('has nothing to say of a target without known failures', async () => {
    const ended = await stack.cli('cycle', 'start', '--regressions', '--target', 'demo');
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain('No failure of this target is known.');
  });

  it('refuses a file that cannot be written before anything is paid for', async () => {
    const before = await stack.query('SELECT id FROM research_cycles');
    const refused = await stack.cli(
      ...['cycle', 'start', '--target', 'shop', '--junit', join(stack.home, 'no', 'such', 'folder.xml')],
    );
    expect(refused).toMatchObject({ code: 2 });
    expect(await stack.query('SELECT id FROM research_cycles')).toEqual(before);
  });

  it('tells of a target in one state after the other what became of its failures', async () => {
    expect(found.failures_count).toBeGreaterThan(0);
    const [junit, sarif] = [join(stack.home, 'tinman.xml'), join(stack.home, 'tinman.sarif')];
    const still = await suite('--junit', junit, '--sarif', sarif);
    expect(await readFile(junit, 'utf8')).toContain(
      `tests="${found.failures_count}" failures="${found.failures_count}" errors="0"`,
    );
    expect(JSON.parse(await readFile(sarif, 'utf8'))).toMatchObject({
      runs: [
        {
          results: still.ended.result.failures.map(({ trigger_signature: signature }) => ({
            partialFingerprints: { 'triggerSignature/v1': signature },
            properties: { verdict: 'still_failing' },
          })),
        },
      ],
    });
    expect(still).toMatchObject({ code: 1, verdicts: ['still_failing'] });
    expect(still.ended.result).toMatchObject({
      hypotheses_count: found.failures_count,
      interventions_count: 0,
      failures: still.regressions.map(() => ({ novelty: 'seen' })),
    });
    for (const { failure_id, found_as } of still.regressions) {
      expect(await client.failure(found_as ?? '')).toMatchObject({
        previous_failure_id: failure_id,
        state: 'open',
      });
    }

    await wire.restart([]);
    const few = await suite('--runs', '1');
    expect(few).toMatchObject({ code: 3, verdicts: ['inconclusive'] });
    for (const { found_as } of still.regressions)
      expect(await client.failure(found_as ?? '')).toMatchObject({ state: 'open' });
    const poor = await suite('--budget-usd', '0');
    expect(poor).toMatchObject({ code: 3, verdicts: ['unassessed'], ended: { state: 'budget_exhausted' } });
    for (const one of poor.regressions)
      expect(one).toMatchObject({ reason: 'budget', size: { runs: 1, chosen_by: 'budget' } });
    const fixed = await suite();
    expect(fixed).toMatchObject({ code: 0, verdicts: ['fixed'] });
    for (const { found_as } of still.regressions)
      expect(await client.failure(found_as ?? '')).toMatchObject({ state: 'not_reproduced' });

    await wire.restart(FAULTS);
    const back = await suite();
    expect(back).toMatchObject({ code: 1, verdicts: ['regressed'] });
    expect(new Set(back.ended.result.failures.map(({ novelty }) => novelty))).toEqual(new Set(['regressed']));
  });

  it('says that it does not know where the target cannot be asked', async () => {
    await wire.stop();
    const unknown = await suite('--runs', '2');
    expect(unknown).toMatchObject({ code: 3, verdicts: ['unassessed'] });
    expect(unknown.ended.result.failures).toEqual([]);
    const shown = await stack.cli('cycle', 'watch', unknown.ended.id);
    expect(shown.code).toBe(3);
    expect(shown.stdout).toMatch(/no run was assessed \(target_error\)/);
  });
});
