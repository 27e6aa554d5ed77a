import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { TEMPORAL_CLI } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';
import { startStack, type Stack } from '../support/stack';
import { startWireTarget, type WireTarget } from '../support/stack-demo-target';
import { runProgram, type ProgramEnd } from '../support/stack-program';
import { fencesUnder, ROOT } from './markdown';

const BLOCKS = fencesUnder('README.md', 'First ten minutes');
/** `<!-- run -->` before a block has it run here; `<!-- run, once 2 wait -->` when so many approvals are pending. */
const RUN = /^run(?:, once (\d+) waits?)?$/;
const README_URL = 'http://127.0.0.1:8000';
const README_METRICS_URL = 'http://127.0.0.1:9090';
const REPORT_FILE = 'week.html';
const PATIENCE_MS = 30_000;

const shadowFile = z.strictObject({
  home: z.string(),
  mode: z.literal('shadow'),
  targets: z.strictObject({ assistant: z.looseObject({ base_url: z.string() }) }),
});
const pendingSchema = z.looseObject({ count: z.number() });

describe('the first ten minutes of README.md', () => {
  let target: WireTarget;
  let stack: Stack;
  let env: NodeJS.ProcessEnv;
  const ends: { readonly text: string; readonly end: ProgramEnd }[] = [];

  beforeAll(async () => {
    const yaml = BLOCKS.find(({ language }) => language === 'yaml');
    const { mode, targets } = shadowFile.parse(parse(yaml?.text ?? ''));
    target = await startWireTarget(['decimal_versions']);
    const assistant = { ...targets.assistant, base_url: target.baseUrl };
    stack = await startStack({ mode, settings: { targets: { assistant } } });
    const temporal = await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env });
    env = {
      ...process.env,
      PATH: `${dirname(temporal.path)}${delimiter}${process.env['PATH']}`,
      TINMAN_CONFIG: join(stack.home, 'tinman.yaml'),
      TINMAN_URL: stack.url,
      TEMPORAL_ADDRESS: stack.temporal.address,
      TEMPORAL_CONFIG_FILE: join(stack.home, 'temporal.toml'),
    };
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await target?.stop();
  });

  const untilPending = async (count: number): Promise<void> => {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const pending = pendingSchema.parse(await (await fetch(`${stack.url}/approvals/pending`)).json());
      if (pending.count === count) return;
      if (Date.now() > deadline) throw new Error(`${pending.count} approvals wait, and not ${count}`);
      await sleep(100);
    }
  };

  /** What the block with this command wrote. */
  const shownBy = (command: string) => ends.find(({ text }) => text.includes(command))?.end.stdout ?? '';

  it('has commands that all work, in their order', async () => {
    for (const { marker = '', language, text } of BLOCKS) {
      const match = RUN.exec(marker);
      if (match === null || language !== 'sh') continue;
      if (match[1] !== undefined) await untilPending(Number(match[1]));
      const script = text
        .replaceAll(README_URL, stack.url)
        .replaceAll(README_METRICS_URL, stack.apis[0]?.metricsUrl ?? '')
        .replaceAll(REPORT_FILE, join(stack.home, REPORT_FILE));
      const end = await runProgram('sh', ['-eu', '-c', script], { env, cwd: ROOT });
      expect({ script, ...end }).toMatchObject({ code: 0 });
      ends.push({ text, end });
    }
    expect(ends.length).toBeGreaterThanOrEqual(8);
  }, 240_000);

  it('shows what README.md says', async () => {
    const watched = shownBy('cycle watch');
    expect(watched).toMatch(/^Cycle .* completed \(target assistant, researcher offline\)$/m);
    expect(watched).toMatch(/logic_error +new +3 of 3 runs/);
    const decisions = await stack.query<{ via: string; decision: string; decided_by: string }>(
      'SELECT via, decision, decided_by FROM approval_decisions ORDER BY decided_at',
    );
    expect(decisions).toMatchObject([
      { via: 'update', decision: 'approved', decided_by: 'ana' },
      { via: 'signal', decision: 'approved', decided_by: 'ana' },
      { via: 'update', decision: 'rejected' },
    ]);
    const replays = await stack.query(
      `SELECT s.state FROM simulations s JOIN research_cycles c ON c.id = s.cycle_id
       WHERE c.target = 'assistant' ORDER BY s.state`,
    );
    expect(replays).toEqual([{ state: 'done' }, { state: 'skipped' }]);
  });

  it('has a report, an answer and metrics that know of them', async () => {
    expect(shownBy('tinman report')).toContain('logic_error');
    expect(shownBy('tinman report')).toMatch(/^\[1\] failure:[0-9a-f-]{36}$/m);
    expect(await readFile(join(stack.home, REPORT_FILE), 'utf8')).toMatch(/^<!doctype html>/i);
    const metrics = shownBy('/metrics');
    expect(metrics).toContain('tinman_approval_decisions_total{decision="approved",tier="review"} 2');
    expect(metrics).toContain('tinman_approval_decisions_total{decision="rejected",tier="review"} 1');
    expect(metrics).toMatch(/^tinman_failures_discovered_total\{.+\} [1-9]/m);
  });
});
