// What every command stands on: locked dependencies, the Prisma client and the build, each made only when it is missing
// or its inputs have changed. Everything is told on standard error: standard output belongs to the command.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { env, execPath, pid, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const STAMPS = join(ROOT, 'node_modules', '.cache', 'tinman');
const GENERATED = 'src/persistence/generated';
const CLIENT_INPUTS = ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'];
const BUILD_INPUTS = ['src', 'workflows', 'activities', 'bench', 'tsconfig.json', 'tsconfig.build.json'];

/** `npm ci` unless node_modules holds exactly what the lock says. */
export async function install() {
  if (installedAsLocked()) return;
  say('Installing the locked dependencies …');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (env.npm_execpath?.endsWith('.js')) await run(execPath, [env.npm_execpath, ...args]);
  else await run(platform === 'win32' ? 'npm.cmd' : 'npm', args, { shell: platform === 'win32' });
}

/** npm keeps beside the packages the part of the lock that it installed. */
function installedAsLocked() {
  const installed = packagesOf('node_modules/.package-lock.json');
  const locked = packagesOf('package-lock.json');
  if (installed === undefined || locked === undefined) return false;
  return Object.entries(locked).every(([path, { version, integrity, optional, devOptional }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true || devOptional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** The Prisma client from the schema. */
export async function generate() {
  await whenChanged('client', CLIENT_INPUTS, join(GENERATED, 'client.ts'), async () => {
    say('Generating the database client …');
    await run(execPath, ['node_modules/prisma/build/index.js', 'generate']);
  });
}

/** dist/: compiled sources and the workflow bundle, put in place as a whole. */
export async function build() {
  const inputs = [...BUILD_INPUTS, ...CLIENT_INPUTS];
  await whenChanged('build', inputs, 'dist/workflow-bundle.js', async () => {
    say('Building …');
    const fresh = `.dist-${pid}`;
    try {
      await run(execPath, [
        'node_modules/typescript/bin/tsc',
        '-p',
        'tsconfig.build.json',
        '--outDir',
        fresh,
      ]);
      await chmod(join(ROOT, fresh, 'src/cli/main.js'), 0o755);
      await writeFile(join(ROOT, fresh, 'workflow-bundle.js'), await workflowBundle(fresh));
      await rm(join(ROOT, 'dist'), { recursive: true, force: true });
      await rename(join(ROOT, fresh), join(ROOT, 'dist'));
    } finally {
      await rm(join(ROOT, fresh), { recursive: true, force: true });
    }
  });
}

/** Made here and not at the start of a worker: that takes two seconds and the compiler's memory each time. */
async function workflowBundle(folder) {
  const { bundleWorkflowCode, DefaultLogger } = createRequire(import.meta.url)('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, folder, 'workflows'),
    workflowInterceptorModules: [join(ROOT, folder, 'workflows', 'interceptors')],
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

/** Does the work when its inputs are not those of last time, or its output is gone. */
async function whenChanged(name, inputs, output, work) {
  const hash = await hashOf(inputs);
  const stamp = join(STAMPS, `${name}.stamp`);
  const last = await readFile(stamp, 'utf8').catch(() => '');
  if (last === hash && existsSync(join(ROOT, output))) return;
  await rm(stamp, { force: true });
  await work();
  await mkdir(STAMPS, { recursive: true });
  await writeFile(stamp, hash);
}

async function hashOf(inputs) {
  const hash = createHash('sha256');
  const lists = await Promise.all(inputs.map(filesOf));
  for (const file of lists.flat()) hash.update(`${file}\0`).update(await readFile(join(ROOT, file)));
  return hash.digest('hex');
}

async function filesOf(input) {
  const path = join(ROOT, input);
  if (!existsSync(path)) return [];
  if (input.includes('.')) return [input];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(ROOT.length))
    .filter((file) => !file.replaceAll('\\', '/').startsWith(GENERATED))
    .toSorted();
}

function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${signal ?? `code ${code}`}`));
    });
  });
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
