import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readDocument } from '../docs/markdown';

const ROOT = join(__dirname, '..', '..');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const execute = promisify(execFile);

/** npm writes its settings into the environment of what it runs; here it must start afresh. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|TINMAN_|TEMPORAL_(?!CLI_PATH)|ANTHROPIC_|NODE_ENV|INIT_CWD)/.test(name),
  ),
);
const shell = process.platform === 'win32';

describe('the package', () => {
  let folder: string;
  let files: readonly string[];

  const run = (command: string, args: readonly string[], cwd = folder) =>
    execute(command, [...args], { cwd, env, shell, maxBuffer: 64 * 1_024 * 1_024 });
  const script = async (name: string, ...lines: readonly string[]) => {
    await writeFile(join(folder, name), lines.join('\n'));
    return run(process.execPath, [name]);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinman-package-'));
    const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], ROOT);
    const [packed] = z
      .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
      .parse(JSON.parse(stdout));
    files = packed?.files.map(({ path }) => path) ?? [];
    await writeFile(join(folder, 'package.json'), '{"name": "empty", "version": "1.0.0", "private": true}');
    const archive = join(folder, packed?.filename ?? '');
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', archive]);
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('holds what runs, and nothing of how it was made', async () => {
    const migrations = await readdir(join(ROOT, 'prisma', 'migrations'));
    const needed = migrations
      .filter((name) => !name.includes('.'))
      .flatMap((name) => ['migration.sql', 'down.sql'].map((file) => `prisma/migrations/${name}/${file}`));
    expect(needed).not.toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        ...needed,
        'LICENSE',
        'README.md',
        'dist/src/cli/main.js',
        'dist/src/index.d.ts',
        'dist/src/index.js',
        'dist/workflow-bundle.js',
      ]),
    );
    const foreign = files.filter(
      (path) =>
        /(^|\/)(test|bench|scripts|node_modules)\/|\.map$|(?<!\.d)\.ts$/.test(path) ||
        !/^(dist|docs|families|calibration|proto|prisma\/migrations)\/|^(LICENSE|README\.md|package\.json|risk_policy\.yaml)$/.test(
          path,
        ),
    );
    expect(foreign).toEqual([]);
  });

  it('runs as a command', async () => {
    const help = await run('npx', ['--no-install', 'tinman', '--help']);
    expect(help.stdout).toContain('tinman dev');
    await run('npx', ['--no-install', 'tinman', 'init']);
    expect(await readFile(join(folder, 'tinman.yaml'), 'utf8')).toContain('targets');
    await rm(join(folder, 'tinman.yaml'));
  }, 60_000);

  it('is imported from both kinds of modules', async () => {
    const ours = `(name) => !['default', 'module.exports', '__esModule'].includes(name)`;
    const print = `console.log(JSON.stringify(Object.keys(tinman).filter(${ours}).toSorted()))`;
    const required = await script('names.cjs', `const tinman = require('tinman')`, print);
    const imported = await script('names.mjs', `import * as tinman from 'tinman'`, print);
    expect(JSON.parse(required.stdout)).toEqual(
      expect.arrayContaining(['TAXONOMY', 'assessRisk', 'createTinman', 'getLogger', 'wilsonInterval']),
    );
    expect(imported.stdout).toBe(required.stdout);
  }, 30_000);

  it('runs a cycle, remembers it, stops all it started and lets its process end', async () => {
    const { stdout } = await script(
      'cycle.cjs',
      `const { BudgetExceededError, createTinman } = require('tinman');`,
      `void (async () => {`,
      `  const listeners = () => process.eventNames().filter((name) => String(name).startsWith('SIG'));`,
      `  const tinman = await createTinman({ home: 'home', config: { log: { level: 'warn' } } });`,
      `  const amounts = { focus: 'instruction_override', maxHypotheses: 1, maxExperiments: 1, runsPerExperiment: 3, replayPairs: 6 };`,
      `  const result = await tinman.researchCycle(amounts);`,
      `  const [failure] = await tinman.graph.nodes({ kind: 'failure_mode' });`,
      `  const neighbours = await tinman.graph.neighbours(failure.id);`,
      `  const before = await tinman.graph.asOf(new Date(0)).nodes();`,
      `  const { items } = await tinman.records.list('cycles');`,
      `  const pending = await tinman.approvals.pending();`,
      `  const audit = await tinman.audit.query({ eventTypes: ['cycle_opened', 'cycle_ended'] });`,
      `  await tinman.costs.enforceBudget(5);`,
      `  await tinman.costs.recordCost({ amountUsd: 4.5, source: 'llm_call', model: 'm', operation: 'research' });`,
      `  const costs = await tinman.costs.getSummary();`,
      `  const refused = await tinman.costs.enforceBudget(96).catch((error) => error);`,
      `  const exceeded = refused instanceof BudgetExceededError ? [refused.current, refused.limit] : [];`,
      `  const signals = listeners();`,
      `  await tinman.close();`,
      `  console.log(JSON.stringify({ result, neighbours, before, items, pending, audit, signals, costs, exceeded }));`,
      `})();`,
    );
    // One document: nothing else was written to standard output.
    const seen = Seen.parse(JSON.parse(stdout));
    expect(seen.result).toMatchObject({
      success: true,
      state: 'completed',
      target: 'demo',
      researcher: 'offline',
      hypotheses_count: 1,
      experiments_count: 1,
      failures_count: seen.result.failures.length,
      error: null,
    });
    expect(seen.result.experiments).toMatchObject([{ runs_requested: 3, state: 'done' }]);
    expect(seen.result.failures[0]).toMatchObject({ novelty: 'new', target: 'demo' });
    expect(seen.neighbours.map(({ edge }) => edge.kind)).toContain('observed_in');
    expect(seen.before).toEqual([]);
    expect(seen.items.map(({ id }) => id)).toEqual([seen.result.id]);
    expect(seen.pending).toEqual([]);
    expect(seen.audit.map(({ eventType }) => eventType)).toEqual(['cycle_ended', 'cycle_opened']);
    expect(seen.costs).toMatchObject({
      ...{ current_period_cost_usd: 4.5, remaining_budget_usd: 95.5 },
      by_operation: { research: 4.5 },
    });
    expect(seen.exceeded).toEqual([4.5, 100]);
    expect(seen.signals).toEqual([]);
    expect(await processesOf(join(folder, 'home'))).toEqual([]);
  }, 120_000);

  it('has types that resolve', async () => {
    await writeFile(
      join(folder, 'consumer.ts'),
      `import { createTinman, type CycleResult, type Mode } from 'tinman';
export const cycle = async (): Promise<CycleResult> => (await createTinman()).researchCycle({ maxHypotheses: 1 });
export const mode: Mode = 'lab';
`,
    );
    const [, sample = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readDocument('docs/budgets.md')) ?? [];
    const given =
      'declare function expensiveOperation(): Promise<string>;\ndeclare const console: { log(...seen: unknown[]): void };\n';
    await writeFile(join(folder, 'budgets.mts'), `${given}${sample}`);
    const strict = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'node20', '--skipLibCheck'];
    await run(process.execPath, [TSC, ...strict, '--types', '', 'consumer.ts', 'budgets.mts']);
    await writeFile(
      join(folder, 'wrong.ts'),
      `import { createTinman } from 'tinman';\nvoid createTinman().then((t) => t.researchCycle({ maxHypotheses: '1' }));\n`,
    );
    const wrong = run(process.execPath, [TSC, ...strict, '--types', '', 'wrong.ts']);
    const refusal = z.object({ stdout: z.string() }).parse(await wrong.catch((error: unknown) => error));
    expect(refusal.stdout).toContain('TS2322');
  }, 60_000);
});

const Seen = z.object({
  result: z.looseObject({
    id: z.string(),
    failures: z.array(z.unknown()),
    experiments: z.array(z.unknown()),
  }),
  neighbours: z.array(z.object({ edge: z.object({ kind: z.string() }) })),
  before: z.array(z.unknown()),
  items: z.array(z.object({ id: z.string() })),
  pending: z.array(z.unknown()),
  audit: z.array(z.object({ eventType: z.string() })),
  costs: z.looseObject({}),
  exceeded: z.array(z.number()),
  signals: z.array(z.string()),
});

/** The processes that still work over a folder, where `ps` can tell. */
async function processesOf(home: string): Promise<readonly string[]> {
  if (process.platform === 'win32') return [];
  const { stdout } = await execute('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(home));
}
