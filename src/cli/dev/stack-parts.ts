import { z } from 'zod';
import type { Config } from '../../config';
import { logFile } from '../../embedded/log-file';
import type { Running } from '../../embedded/supervisor';
import { startChild, type Child } from '../../embedded/supervisor-child';
import { CliError, EXIT } from '../exit';

export interface StackOptions {
  readonly config: Config;
  /** `--config` of the command line, for the processes started from here. */
  readonly configPath: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The file that this program was started from. */
  readonly mainScript: string;
  /** For people: what is going on. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const SERVICE_READY_TIMEOUT_MS = 60_000;
/** A worker lets activities under way end for up to twenty seconds. */
const SERVICE_STOP_GRACE_MS = 40_000;

const readySchema = z.object({ ready: z.object({ api_url: z.string(), metrics_url: z.string() }) });

export interface RunningService extends Running {
  readonly urls: { readonly apiUrl: string; readonly metricsUrl: string };
}

/** API and worker in a process of their own, which ends when this one does. */
export async function startService(options: StackOptions): Promise<RunningService> {
  const { config, configPath, env, cwd, mainScript, signal } = options;
  const configOption = configPath === undefined ? [] : ['--config', configPath];
  const child = await startChild(process.execPath, [mainScript, 'serve', '--with-worker', ...configOption], {
    env,
    cwd,
    // So that the terminal stays readable.
    log: logFile(config.home, 'service'),
    ipc: true,
    graceMs: SERVICE_STOP_GRACE_MS,
  });
  try {
    const urls = await ready(child, signal);
    return { urls, pid: child.pid, exited: child.exited, stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function ready(child: Child, signal: AbortSignal): Promise<RunningService['urls']> {
  const said = new Promise<RunningService['urls']>((resolve) => {
    child.onMessage((message) => {
      const parsed = readySchema.safeParse(message);
      if (!parsed.success) return;
      resolve({ apiUrl: parsed.data.ready.api_url, metricsUrl: parsed.data.ready.metrics_url });
    });
  });
  const ended = child.exited.then((how) => {
    throw new CliError(EXIT.infrastructure, `The service ${how} before it was ready:\n${child.lastLines()}`);
  });
  const tooLate = new Promise<never>((_resolve, reject) => {
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(SERVICE_READY_TIMEOUT_MS)]);
    const late = new CliError(EXIT.infrastructure, 'The service was not ready within a minute; see its log');
    const refuse = () => reject(late);
    if (giveUp.aborted) refuse();
    else giveUp.addEventListener('abort', refuse, { once: true });
  });
  return Promise.race([said, ended, tooLate]);
}
