import { loadConfig, type Config, type Override } from '../config';
import type { GivenSettings } from '../config/schema';
import type { Logger } from '../ports/logger';
import { createTargetDirectory } from '../targets';

/** How a Tinman is made; nothing is required. */
export interface TinmanOptions {
  /** Folder for local data: database, Temporal, audit key. Default `.tinman` in the working directory. */
  readonly home?: string;
  /** A configuration file; default TINMAN_CONFIG, else `tinman.yaml` in the working directory where there is one. */
  readonly configPath?: string;
  /** Settings by their names in tinman.yaml; they win over environment and file. */
  readonly config?: GivenSettings;
  /** Read in place of `process.env`: the same variables as for the command line. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where log lines go; default JSON on standard error. */
  readonly logger?: Logger;
}

/** @throws {ConfigError} with every mistake there is. */
export function readOptions(options: TinmanOptions, env: NodeJS.ProcessEnv): Config {
  const { home, configPath, config = {} } = options;
  return loadConfig({
    cwd: process.cwd(),
    env,
    configPath,
    overrides: [
      ...overridesOf(config, []),
      ...(home === undefined ? [] : [{ path: ['home'], value: home, from: 'home' }]),
    ],
    checkTarget: (name, settings) => createTargetDirectory({ [name]: settings }, env),
    checkPolicy: true,
  });
}

/** Each setting on its own, so that those which are not given stay as they are. */
function overridesOf(value: unknown, path: readonly string[]): readonly Override[] {
  if (value === undefined) return [];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) => overridesOf(inner, [...path, name]));
  }
  return [{ path, value, from: 'config' }];
}
