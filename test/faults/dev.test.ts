import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startChild, type Child } from '../../src/embedded/supervisor-child';
import { keepablePorts } from '../support/keepable-ports';
import { createDemoTarget } from '../../src/targets/demo';
import { ResearchClient, until } from '../e2e/research-client';
import { fastestFolder } from '../support/fastest-folder';
import { TINMAN } from '../support/stack';
import { PRICE, startCountingTarget, type CountingTarget } from './counting-target';
import { say } from './fault-bench';
import { FaultDice } from './fault-plan';

jest.setTimeout(120_000);

const MODEL = 'demo';
const STOP_GRACE_MS = 30_000;
const lockSchema = z.object({ pid: z.number() });

/** `tinman dev` in a home of its own, over a demo target that takes its time and keeps count. */
class DevHome {
  private readonly lines: string[] = [];

  private constructor(
    readonly home: string,
    readonly port: number,
    readonly target: CountingTarget,
  ) {}

  static async open(): Promise<DevHome> {
    const target = await startCountingTarget(70);
    const home = await mkdtemp(join(await fastestFolder(), 'tinman-test-dev-'));
    const { systemPrompt } = createDemoTarget().describe.configuration;
    const demo = { kind: 'openai', base_url: target.baseUrl, model: MODEL, price: PRICE };
    const settings = {
      experiments: { max_parallel: 10 },
      targets: { demo: { ...demo, system_prompt: systemPrompt } },
    };
    await writeFile(join(home, 'tinman.yaml'), JSON.stringify(settings));
    const [port = 0] = await keepablePorts(1);
    return new DevHome(home, port, target);
  }

  start(): Promise<Child> {
    const foreign = /^(TINMAN|TEMPORAL|ANTHROPIC|OPENAI)_/;
    const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    const env = {
      ...Object.fromEntries(own),
      TINMAN_HOME: this.home,
      TINMAN_CONFIG: join(this.home, 'tinman.yaml'),
      TINMAN_PORT: String(this.port),
      TINMAN_METRICS_PORT: '0',
    };
    const log = (line: string): void => void this.lines.push(line);
    return startChild(process.execPath, [TINMAN, 'dev'], {
      env,
      cwd: this.home,
      log,
      graceMs: STOP_GRACE_MS,
    });
  }

  /** What every `dev` so far has said. */
  get said(): string {
    return this.lines.join('\n');
  }

  /** A client as soon as the API answers. */
  async client(): Promise<ResearchClient> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      try {
        return await ResearchClient.at(`http://127.0.0.1:${this.port}`);
      } catch (error) {
        if (Date.now() > deadline)
          throw new Error(`tinman dev does not answer:\n${this.said}`, { cause: error });
        await sleep(100);
      }
    }
  }

  /** The processes that `dev` has written down as its own. */
  async children(): Promise<readonly number[]> {
    const folder = join(this.home, 'children');
    const files = await readdir(folder).catch(() => []);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return texts.map((text) => lockSchema.parse(JSON.parse(text)).pid);
  }

  /** Command lines of whatever runs over this home. */
  async processes(): Promise<readonly string[]> {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
    return stdout.split('\n').filter((line) => line.includes(this.home));
  }

  async remove(): Promise<void> {
    for (const line of await this.processes()) process.kill(Number.parseInt(line, 10), 'SIGKILL');
    await this.target.close();
    await rm(this.home, { recursive: true, force: true, maxRetries: 10 });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('kill -9 of tinman dev', () => {
  const dice = new FaultDice();
  let dev: DevHome;
  let running: Child | undefined;
  beforeAll(async () => void (dev = await DevHome.open()));
  afterAll(async () => {
    await running?.stop();
    await dev.remove();
  });

  it('while it starts leaves a home that can be started', async () => {
    running = await dev.start();
    const afterMs = dice.between(300, 2_500);
    await sleep(afterMs);
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
    say(`dev: TINMAN_FAULT_SEED=${dice.seed}, killed ${afterMs} ms after its start`);

    running = await dev.start();
    await dev.client();
    expect((await dev.processes()).filter((line) => line.includes('start-dev'))).toHaveLength(1);
  });

  it('in a cycle leaves a home whose next start ends the orphans and finishes the cycle', async () => {
    if (running === undefined) throw new Error('nothing runs');
    const callsBefore = dice.between(1, 60);
    await until(
      () => Promise.resolve(dev.target.counted(MODEL).calls),
      (calls) => calls >= callsBefore,
    );
    const orphans = await dev.children();
    expect(orphans).toHaveLength(3);
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
    const killedAt = Date.now();

    running = await dev.start();
    const client = await dev.client();
    say(`dev: killed after ${callsBefore} calls; answers again after ${Date.now() - killedAt} ms`);
    expect(dev.said).toContain('left behind by an earlier start');
    expect(orphans.filter(isAlive)).toEqual([]);
    const [cycle, ...others] = await client.list('/research/cycles');
    expect(others).toEqual([]);
    const ended = await client.ended(cycle?.id ?? '', 60_000);
    expect(ended).toMatchObject({ state: 'completed', error: null });
    const experiments = await client.experimentsOf(ended.id);
    expect(experiments.length).toBeGreaterThan(0);
    for (const { state, outcomes, runs_permitted: permitted } of experiments) {
      expect({ state, runs: outcomes.failed + outcomes.held + outcomes.unassessed }).toEqual({
        state: 'done',
        runs: permitted,
      });
    }

    await running.stop();
    expect(await running.exited).toBe('ended with code 0');
    expect(await dev.processes()).toEqual([]);
    expect(await dev.children()).toEqual([]);
  });
});
