#!/usr/bin/env node
// The commands of package.json. Makes first what they stand on, as far as it is missing or older than its sources:
// locked dependencies, the Prisma client, the build. Uses nothing but Node, so that it runs on a fresh clone.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { build, generate, install, ROOT } from './prepare.mjs';

const CLI = 'dist/src/cli/main.js';
const JEST = ['node_modules/jest/bin/jest.js', '--maxWorkers=2'];

const CHECKS = [
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  ['lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', '--tsconfig', 'tsconfig.json']],
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']],
  [
    'import rules',
    [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      ...['--config', '.dependency-cruiser.cjs', 'src', 'workflows', 'activities', 'test', 'bench'],
    ],
  ],
  ['unused code', ['node_modules/knip/bin/knip.js', '--no-progress']],
];

const COMMANDS = {
  start: async (args) => (await prepare(), node([CLI, 'dev', ...args])),
  demo: async (args) => (await prepare(), node([CLI, 'dev', '--exit', ...args])),
  test: async (args) => (await prepare(), node([...JEST, ...args])),
  faults: async (args) => (
    await prepare(),
    node([...JEST, 'test/faults', ...withoutKills(args)], killsOf(args))
  ),
  bench: async (args) => (await prepare(), bench(args)),
  'check-traces': async (args) => (await prepare(), node(['dist/bench/check-traces.js', ...args])),
  verify: async (args) => (await prepare(), verify(args)),
  build: async () => (await prepare(), 0),
  'db-new': async (args) => (await prepare(), node(['scripts/db-new.mjs', ...args])),
};

async function prepare() {
  await install();
  await generate();
  await build();
}

/** Runs every check, so that one run shows all that is wrong. */
async function verify(args) {
  const failed = [];
  for (const [name, command] of CHECKS) {
    process.stderr.write(`\n# ${name}\n`);
    if ((await node(command)) !== 0) failed.push(name);
  }
  process.stderr.write('\n# tests\n');
  if ((await node([...JEST, ...args])) !== 0) failed.push('tests');
  process.stderr.write(failed.length === 0 ? '\nAll checks passed.\n' : `\nFailed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

function bench([benchmark = '', ...args]) {
  const file = join('dist/bench', `${benchmark}.js`);
  if (benchmark !== '' && existsSync(join(ROOT, file))) return node([file, ...args]);
  process.stderr.write('Usage: npm run bench -- NAME [--json], with NAME a file of bench/ such as cycle\n');
  return 2;
}

/** `--kills N` says how many processes the fault tests kill. */
function killsOf(args) {
  const at = args.indexOf('--kills');
  return at < 0 ? {} : { TINMAN_FAULT_KILLS: args[at + 1] ?? '' };
}

function withoutKills(args) {
  const at = args.indexOf('--kills');
  return at < 0 ? args : args.toSpliced(at, 2);
}

let hungUp = false;

/** Runs a program of Node's with our own streams and passes signals on; resolves with its exit code. */
function node(args, variables = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(execPath, args, { cwd: ROOT, stdio: 'inherit', env: { ...env, ...variables } });
    const forward = (signal) => {
      hungUp ||= signal === 'SIGHUP';
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  process.stderr.write(`Usage: node scripts/run.mjs ${Object.keys(COMMANDS).join('|')}\n`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
// Without its terminal Node would abort in its own last words.
if (hungUp) process.kill(process.pid, 'SIGHUP');
