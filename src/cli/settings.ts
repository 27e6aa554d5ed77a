import { loadConfig, type Config, type Override } from '../config';
import type { CliContext, GlobalOptions } from './context';
import { CliError, EXIT } from './exit';
import { ApiClient } from './api-client';

/** The configuration without a look into the targets, whose adapters are slow to load. */
export function readConfig(
  context: CliContext,
  options: GlobalOptions,
  overrides?: readonly Override[],
): Config {
  const { cwd, env } = context;
  return loadConfig({
    cwd,
    env,
    configPath: options.config,
    ...(overrides === undefined ? {} : { overrides }),
  });
}

/** The configuration of a process that runs cycles: targets and risk policy are checked too. */
export async function readServiceConfig(
  context: CliContext,
  options: GlobalOptions,
  overrides: readonly Override[],
): Promise<Config> {
  const { createTargetDirectory } = await import('../targets/index.js');
  const { cwd, env } = context;
  const checkTarget = (name: string, settings: unknown) => createTargetDirectory({ [name]: settings }, env);
  return loadConfig({ cwd, env, configPath: options.config, overrides, checkTarget, checkPolicy: true });
}

/** A client for `--url`, else TINMAN_URL, else the configured port on this machine. */
export function apiClient(context: CliContext, options: GlobalOptions): ApiClient {
  return new ApiClient(apiUrl(context, options), context.signal, apiKeyOf(context));
}

/**
 * What stands in TINMAN_API_KEY; undefined without it.
 * @throws {CliError} `usage` when no header can carry it, without telling it.
 */
export function apiKeyOf({ env }: CliContext): string | undefined {
  const key = env['TINMAN_API_KEY'] || undefined;
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
  throw new CliError(EXIT.usage, 'TINMAN_API_KEY is no key: it holds blanks, line ends or other characters');
}

function apiUrl(context: CliContext, options: GlobalOptions): string {
  const given = options.url ?? (context.env['TINMAN_URL'] || undefined);
  if (given === undefined) {
    const { host, port } = readConfig(context, options);
    return localUrl(host, port);
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CliError(EXIT.usage, `${given} is not the http or https URL of an API`);
  }
  return url.href.replace(/\/+$/, '');
}

function localUrl(host: string, port: number): string {
  if (port === 0) {
    throw new CliError(EXIT.usage, 'Port 0 means any free port: name the API with --url or TINMAN_URL');
  }
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
