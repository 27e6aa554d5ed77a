import { DomainError } from './domain/errors';
import type { Mode } from './domain/mode';
import { environmentOverrides, mistypedVariables, type Override } from './config/environment';
import { readEnvFile, withEnvFile } from './config/env-file';
import { isMapping, readSettingsFile, type ConfigFile, type SettingsFileSources } from './config/file';
import { mistakesOf, suggestion } from './config/issues';
import { ConfigError, type ConfigMistake } from './config/mistakes';
import type { ApprovalSettings } from './config/approval-settings';
import {
  policySource,
  toConfig,
  type Config,
  type ExperimentSettings,
  type Overlay,
  type TargetSettings,
} from './config/resolved';
import { openAiMistake } from './config/openai-settings';
import { readRiskPolicy } from './config/risk-policy';
import { SECRET_FILE_VARIABLES, secretFiles } from './config/secret-files';
import { SETTINGS, type Settings } from './config/schema';

export { ConfigError } from './config/mistakes';
export type { Override } from './config/environment';
export type { ApprovalSettings } from './config/approval-settings';
export type { Config, ExperimentSettings } from './config/resolved';

/** Paths are relative to `cwd`, where `.env` is read too. */
export interface ConfigSources extends SettingsFileSources {
  /** The command line, which wins over everything. */
  readonly overrides?: readonly Override[];
  /** Throws a DomainError with `details.pointer` for settings that the target's adapter cannot use. */
  readonly checkTarget?: (name: string, settings: TargetSettings) => unknown;
  /** The mistakes of the risk policy are told together with those of the settings. */
  readonly checkPolicy?: boolean;
}

/**
 * Reads command line, environment, .env and tinman.yaml, in this order of precedence, over the defaults.
 * @throws {ConfigError} with every mistake there is.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { file, overrides, values, mistakes: met } = gather(sources);
  const parsed = SETTINGS.safeParse(values, { reportInput: true });
  const locate = (path: readonly PropertyKey[]) => placeOf(path, overrides, file);
  const checked = { schema: SETTINGS, locate, locateKey: file?.locateKey, nameOf: () => 'setting' };
  const mistakes = [
    ...met,
    ...(parsed.error?.issues ?? []).flatMap((issue) => mistakesOf(issue, checked)),
    ...(parsed.success ? mistakesTogether(parsed.data, locate) : []),
    ...(parsed.success ? mistakesInTargets(parsed.data, sources, locate) : []),
    ...(parsed.success ? mistakesInPolicy(parsed.data, sources) : []),
  ];
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  return toConfig(parsed.data, sources.cwd, isMapping(values) && values['mode'] !== undefined);
}

/** What was given, each setting from the source that wins, and what is wrong with the sources themselves. */
function gather(sources: ConfigSources): {
  readonly file: ConfigFile | undefined;
  readonly overrides: readonly Override[];
  readonly values: unknown;
  readonly mistakes: readonly ConfigMistake[];
} {
  const envFile = readEnvFile(sources.cwd);
  const env = withEnvFile(sources.env, envFile);
  // The caller may have added the file to the environment already.
  const isOfFile = (name: string) => envFile.values[name] !== undefined && env[name] === envFile.values[name];
  const placeOfVariable = (name: string) => (isOfFile(name) ? envFile.locate(name) : name);
  const { file, mistakes } = readSettingsFile({ ...sources, env });
  const secrets = secretFiles(env, sources.cwd, placeOfVariable);
  const overrides = [
    ...environmentOverrides(env, placeOfVariable),
    ...secrets.overrides,
    ...(sources.overrides ?? []),
  ];
  const values = overrides.reduce<unknown>(
    (merged, { path, value }) => withValue(merged, path, value),
    file?.values ?? {},
  );
  return {
    file,
    overrides,
    values,
    mistakes: [
      ...envFile.mistakes,
      ...mistakes,
      ...secrets.mistakes,
      ...mistypedVariables(env, placeOfVariable, SECRET_FILE_VARIABLES),
    ],
  };
}

/** The settings in force in a mode: its overrides over the general ones. */
export function settingsFor(
  config: Config,
  mode: Mode,
): { readonly experiments: ExperimentSettings; readonly approval: ApprovalSettings } {
  const { experiments, timeouts, approval } = config.modes[mode];
  return {
    experiments: overlay(config.experiments, experiments),
    approval: {
      ...overlay(config.approval, approval),
      timeouts: overlay(config.approval.timeouts, timeouts),
    },
  };
}

function overlay<T extends object>(base: T, over: Overlay<T>): T {
  const merged = { ...base };
  for (const key in over) {
    const value = over[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

function withValue(values: unknown, [head, ...rest]: readonly string[], value: unknown): unknown {
  if (head === undefined) return value;
  if (values !== undefined && values !== null && !isMapping(values)) return values;
  return { ...values, [head]: withValue(values?.[head], rest, value) };
}

function placeOf(
  path: readonly PropertyKey[],
  overrides: readonly Override[],
  file: ConfigFile | undefined,
): string {
  const given = overrides.findLast((one) => one.path.join('.') === path.join('.'));
  return given?.from ?? file?.locate(path) ?? 'defaults';
}

/** Settings that are right alone and wrong together. */
function mistakesTogether(
  settings: Settings,
  whereIs: (path: readonly PropertyKey[]) => string,
): readonly ConfigMistake[] {
  const at = (path: readonly PropertyKey[], message: string): ConfigMistake => ({
    where: whereIs(path),
    field: path.join('.'),
    message,
  });
  const names = [...new Set(['demo', ...Object.keys(settings.targets)])];
  const noSuchTarget = (name: string): string =>
    `no such target; there are ${names.join(', ')}${suggestion(name, names)}`;
  const mistakes: ConfigMistake[] = [];
  if (!names.includes(settings.default_target)) {
    mistakes.push(at(['default_target'], noSuchTarget(settings.default_target)));
  }
  for (const name of Object.keys(settings.cost.targets).filter((each) => !names.includes(each))) {
    mistakes.push(at(['cost', 'targets', name], noSuchTarget(name)));
  }
  const missing = missingForResearcher(settings);
  if (missing !== undefined) mistakes.push(at(['researcher'], missing));
  return mistakes;
}

function missingForResearcher({ researcher, anthropic, openai }: Settings): string | undefined {
  if (researcher === 'openai') return openAiMistake(openai);
  const isWithoutKey = researcher === 'anthropic' && anthropic.api_key === undefined;
  return isWithoutKey ? 'anthropic needs ANTHROPIC_API_KEY' : undefined;
}

function mistakesInTargets(
  settings: Settings,
  { checkTarget }: ConfigSources,
  whereIs: (path: readonly PropertyKey[]) => string,
): readonly ConfigMistake[] {
  return Object.entries(settings.targets).flatMap(([name, target]) => {
    try {
      checkTarget?.(name, target);
      return [];
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const pointer = error.details?.['pointer'];
      const path = typeof pointer === 'string' ? pointer.split('/').slice(1) : ['targets', name];
      return [{ where: whereIs(path), field: path.join('.'), message: error.message }];
    }
  });
}

function mistakesInPolicy(settings: Settings, { cwd, checkPolicy }: ConfigSources): readonly ConfigMistake[] {
  return checkPolicy === true ? readRiskPolicy(policySource(settings, cwd)).mistakes : [];
}
