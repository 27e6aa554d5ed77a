import { join, resolve } from 'node:path';
import { DomainError } from './domain/errors';
import type { Mode } from './domain/mode';
import type { Severity } from './domain/severity';
import { costSettingsOf, type CostSettings } from './config/cost-settings';
import { environmentOverrides, mistypedVariables, type Override } from './config/environment';
import { readEnvFile, withEnvFile } from './config/env-file';
import { isMapping, readSettingsFile, type ConfigFile, type SettingsFileSources } from './config/file';
import { mistakesOf, suggestion } from './config/issues';
import { ConfigError, type ConfigMistake } from './config/mistakes';
import { DEFAULT_POLICY, readRiskPolicy, type PolicySource } from './config/risk-policy';
import { SETTINGS, type Settings } from './config/schema';

export { ConfigError } from './config/mistakes';
export type { Override } from './config/environment';

export interface ExperimentSettings {
  /** Runs of one experiment at the same time. */
  readonly maxParallel: number;
  /** Limit of one call of the target. */
  readonly defaultTimeoutSeconds: number;
  /** An experiment estimated above this is not run. */
  readonly costLimitUsd: number;
}

export interface ApprovalSettings {
  /** Seconds until silence counts as not approved, by the severity of the action. */
  readonly timeouts: Readonly<Record<Severity, number>>;
}

/** A target as configured; all but `kind` belongs to the adapter of that kind. */
type TargetSettings = Readonly<Record<string, unknown>> & { readonly kind: string };

/** The whole configuration, checked and with its defaults. */
export interface Config {
  /** Absolute path of the folder for local data. */
  readonly home: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metricsPort: number;
  readonly databaseUrl?: string;
  /** For migrations, where roles are split; otherwise the same as `databaseUrl`. */
  readonly ownerDatabaseUrl?: string;
  /** Absolute paths of what shows that the audit log was not changed: the key of its chain, and the anchored heads. */
  readonly audit: { readonly keyFile: string; readonly anchorFile: string };
  /** The mode of an empty database. */
  readonly initialMode: Mode;
  /** False: nobody chose one. */
  readonly modeIsChosen: boolean;
  readonly riskPolicy: PolicySource;
  readonly temporal: { readonly address?: string; readonly namespace: string; readonly taskQueue: string };
  readonly researcher: 'offline' | 'anthropic';
  /** False: nobody chose one, it follows from whether there is a key. */
  readonly researcherIsChosen: boolean;
  readonly anthropic: {
    readonly apiKey?: string;
    readonly model: string;
    readonly baseUrl?: string;
    readonly maxOutputTokens: number;
  };
  readonly defaultTarget: string;
  /** Always holds `demo`, the built-in application. */
  readonly targets: Readonly<Record<string, TargetSettings>>;
  readonly experiments: ExperimentSettings;
  readonly access: {
    /** Of one key. */
    readonly requestsPerMinute: number;
    /** Origins whose pages may use the API from a browser. */
    readonly corsOrigins: readonly string[];
    /** Absolute path of the text of the first key. */
    readonly bootstrapKeyFile?: string;
  };
  readonly approval: ApprovalSettings;
  /** How long, and over how many canary replays, what went live is watched. */
  readonly deployment: { readonly watchHours: number; readonly watchReplays: number };
  readonly cost: CostSettings;
  readonly log: { readonly level: Settings['log']['level'] };
  readonly modes: Readonly<Record<Mode, ModeOverrides>>;
}

interface ModeOverrides {
  readonly experiments: Overlay<ExperimentSettings>;
  readonly timeouts: Overlay<Readonly<Record<Severity, number>>>;
}

type Overlay<T> = { readonly [K in keyof T]?: T[K] | undefined };

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
  const overrides = [...environmentOverrides(env, placeOfVariable), ...(sources.overrides ?? [])];
  const values = overrides.reduce<unknown>(
    (merged, { path, value }) => withValue(merged, path, value),
    file?.values ?? {},
  );
  return {
    file,
    overrides,
    values,
    mistakes: [...envFile.mistakes, ...mistakes, ...mistypedVariables(env, placeOfVariable)],
  };
}

/** The settings in force in a mode: its overrides over the general ones. */
export function settingsFor(
  config: Config,
  mode: Mode,
): { readonly experiments: ExperimentSettings; readonly approval: ApprovalSettings } {
  const { experiments, timeouts } = config.modes[mode];
  return {
    experiments: overlay(config.experiments, experiments),
    approval: { timeouts: overlay(config.approval.timeouts, timeouts) },
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
  if (settings.researcher === 'anthropic' && settings.anthropic.api_key === undefined) {
    mistakes.push(at(['researcher'], 'anthropic needs ANTHROPIC_API_KEY'));
  }
  return mistakes;
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

function toConfig(settings: Settings, cwd: string, modeIsChosen: boolean): Config {
  const bootstrapKeyFile = settings.access.bootstrap_key_file;
  const { temporal, anthropic, cost } = settings;
  const ownerDatabaseUrl = settings.owner_database_url ?? settings.database_url;
  return {
    home: resolve(cwd, settings.home),
    audit: {
      keyFile: resolve(cwd, settings.audit.key_file ?? join(settings.home, 'audit.key')),
      anchorFile: resolve(cwd, settings.audit.anchor_file ?? join(settings.home, 'audit.anchor')),
    },
    host: settings.host,
    port: settings.port,
    metricsPort: settings.metrics_port,
    ...(settings.database_url === undefined ? {} : { databaseUrl: settings.database_url }),
    ...(ownerDatabaseUrl === undefined ? {} : { ownerDatabaseUrl }),
    initialMode: settings.mode,
    modeIsChosen,
    riskPolicy: policySource(settings, cwd),
    temporal: {
      ...(temporal.address === undefined ? {} : { address: temporal.address }),
      namespace: temporal.namespace,
      taskQueue: temporal.task_queue,
    },
    researcher: settings.researcher ?? (anthropic.api_key === undefined ? 'offline' : 'anthropic'),
    researcherIsChosen: settings.researcher !== undefined,
    anthropic: {
      ...(anthropic.api_key === undefined ? {} : { apiKey: anthropic.api_key }),
      model: anthropic.model,
      ...(anthropic.base_url === undefined ? {} : { baseUrl: anthropic.base_url }),
      maxOutputTokens: anthropic.max_output_tokens,
    },
    defaultTarget: settings.default_target,
    targets: { demo: { kind: 'demo' }, ...settings.targets },
    experiments: {
      maxParallel: settings.experiments.max_parallel,
      defaultTimeoutSeconds: settings.experiments.default_timeout_seconds,
      costLimitUsd: settings.experiments.cost_limit_usd,
    },
    access: {
      requestsPerMinute: settings.access.requests_per_minute,
      corsOrigins: settings.access.cors_origins,
      ...(bootstrapKeyFile === undefined ? {} : { bootstrapKeyFile: resolve(cwd, bootstrapKeyFile) }),
    },
    approval: { timeouts: settings.approval.timeouts },
    deployment: {
      watchHours: settings.deployment.watch_hours,
      watchReplays: settings.deployment.watch_replays,
    },
    cost: costSettingsOf(cost),
    log: settings.log,
    modes: {
      lab: overridesOf(settings.modes.lab),
      shadow: overridesOf(settings.modes.shadow),
      production: overridesOf(settings.modes.production),
    },
  };
}

function mistakesInPolicy(settings: Settings, { cwd, checkPolicy }: ConfigSources): readonly ConfigMistake[] {
  return checkPolicy === true ? readRiskPolicy(policySource(settings, cwd)).mistakes : [];
}

function policySource({ risk_policy: { path } }: Settings, cwd: string): PolicySource {
  return path === undefined ? DEFAULT_POLICY : { path: resolve(cwd, path), shownAs: path };
}

function overridesOf({ experiments, approval }: Settings['modes'][Mode]): ModeOverrides {
  return {
    experiments: {
      maxParallel: experiments.max_parallel,
      defaultTimeoutSeconds: experiments.default_timeout_seconds,
      costLimitUsd: experiments.cost_limit_usd,
    },
    timeouts: approval.timeouts,
  };
}
