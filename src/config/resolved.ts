import { join, resolve } from 'node:path';
import type { ApprovalRules } from '../domain/approval-rules';
import type { Mode } from '../domain/mode';
import type { Severity } from '../domain/severity';
import { approvalRulesOf, approvalSettingsOf, type ApprovalSettings } from './approval-settings';
import { costSettingsOf, type CostSettings } from './cost-settings';
import { openAiSettingsOf, type OpenAiSettings } from './openai-settings';
import type { FamilySource } from './families';
import { DEFAULT_POLICY, type PolicySource } from './risk-policy';
import type { Settings } from './schema';
import { traceSettingsOf, type TraceSettings } from './trace-settings';
import { webhookSettingsOf, type WebhookSettings } from './webhook-settings';

export interface ExperimentSettings {
  /** Runs of one experiment at the same time. */
  readonly maxParallel: number;
  /** Limit of one call of the target. */
  readonly defaultTimeoutSeconds: number;
  /** An experiment estimated above this is not run. */
  readonly costLimitUsd: number;
  /** Plays that following up a failure may ask for; 0: none is followed up. */
  readonly followUpCalls: number;
}

/** A target as configured; all but `kind` belongs to the adapter of that kind. */
export type TargetSettings = Readonly<Record<string, unknown>> & { readonly kind: string };

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
  readonly temporal: {
    readonly address?: string;
    readonly namespace: string;
    readonly taskQueue: string;
    /** Absolute path of the keys of payloads; without it they are not encrypted. */
    readonly encryptionKeyFile?: string;
  };
  readonly researcher: Researcher;
  /** False: nobody chose one, it follows from which keys there are. */
  readonly researcherIsChosen: boolean;
  readonly anthropic: {
    readonly apiKey?: string;
    readonly model: string;
    readonly baseUrl?: string;
    readonly maxOutputTokens: number;
  };
  /** Undefined while it is not known where to ask and for which model. */
  readonly openai?: OpenAiSettings;
  readonly defaultTarget: string;
  /** Always holds `demo`, the built-in application. */
  readonly targets: Readonly<Record<string, TargetSettings>>;
  readonly experiments: ExperimentSettings;
  /** The user's own experiment families, added to those of this package. */
  readonly families?: FamilySource;
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
  readonly tools: {
    /** Hosts that http_get may ask. */
    readonly httpGetAllow: readonly string[];
    /** The variable that holds the URL of sql_query's database; without it there is no such tool. */
    readonly sqlQueryUrlEnv?: string;
  };
  readonly deployment: { readonly watchHours: number; readonly watchReplays: number };
  readonly traces: TraceSettings;
  readonly webhooks: readonly WebhookSettings[];
  readonly cost: CostSettings;
  readonly log: { readonly level: Settings['log']['level'] };
  readonly modes: Readonly<Record<Mode, ModeOverrides>>;
}

type Researcher = NonNullable<Settings['researcher']>;

interface ModeOverrides {
  readonly experiments: Overlay<ExperimentSettings>;
  readonly timeouts: Overlay<Readonly<Record<Severity, number>>>;
  readonly approval: Overlay<ApprovalRules>;
}

/** What may be given in place of some members. */
export type Overlay<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The settings as the program uses them: paths absolute, units in names, what follows from others filled in. */
export function toConfig(settings: Settings, cwd: string, modeIsChosen: boolean): Config {
  const { anthropic, cost } = settings;
  const openai = openAiSettingsOf(settings.openai);
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
    temporal: temporalOf(settings.temporal, cwd),
    researcher: settings.researcher ?? researcherOf(anthropic, openai),
    researcherIsChosen: settings.researcher !== undefined,
    anthropic: anthropicOf(anthropic),
    ...(openai === undefined ? {} : { openai }),
    defaultTarget: settings.default_target,
    targets: { demo: { kind: 'demo' }, ...settings.targets },
    experiments: {
      maxParallel: settings.experiments.max_parallel,
      defaultTimeoutSeconds: settings.experiments.default_timeout_seconds,
      costLimitUsd: settings.experiments.cost_limit_usd,
      followUpCalls: settings.experiments.follow_up_calls,
    },
    ...familiesOf(settings.experiments.families_dir, cwd),
    access: accessOf(settings.access, cwd),
    approval: approvalSettingsOf(settings.approval),
    tools: toolsOf(settings.tools),
    deployment: {
      watchHours: settings.deployment.watch_hours,
      watchReplays: settings.deployment.watch_replays,
    },
    traces: traceSettingsOf(settings.traces, settings.shadow),
    webhooks: webhookSettingsOf(settings.webhooks, cwd),
    cost: costSettingsOf(cost),
    log: settings.log,
    modes: {
      lab: overridesOf(settings.modes.lab),
      shadow: overridesOf(settings.modes.shadow),
      production: overridesOf(settings.modes.production),
    },
  };
}

/** The researcher where nobody chose one. */
function researcherOf(
  { api_key: key }: Settings['anthropic'],
  openai: OpenAiSettings | undefined,
): Researcher {
  if (key !== undefined) return 'anthropic';
  return openai === undefined ? 'offline' : 'openai';
}

function temporalOf(temporal: Settings['temporal'], cwd: string): Config['temporal'] {
  const { address, namespace, task_queue: taskQueue, encryption_key_file: keyFile } = temporal;
  return {
    ...(address === undefined ? {} : { address }),
    namespace,
    taskQueue,
    ...(keyFile === undefined ? {} : { encryptionKeyFile: resolve(cwd, keyFile) }),
  };
}

function anthropicOf(anthropic: Settings['anthropic']): Config['anthropic'] {
  const { api_key: apiKey, model, base_url: baseUrl, max_output_tokens: maxOutputTokens } = anthropic;
  return {
    ...(apiKey === undefined ? {} : { apiKey }),
    model,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    maxOutputTokens,
  };
}

function toolsOf({ http_get: { allow }, sql_query: sqlQuery }: Settings['tools']): Config['tools'] {
  return {
    httpGetAllow: allow,
    ...(sqlQuery === undefined ? {} : { sqlQueryUrlEnv: sqlQuery.url_env }),
  };
}

function accessOf(access: Settings['access'], cwd: string): Config['access'] {
  const keyFile = access.bootstrap_key_file;
  return {
    requestsPerMinute: access.requests_per_minute,
    corsOrigins: access.cors_origins,
    ...(keyFile === undefined ? {} : { bootstrapKeyFile: resolve(cwd, keyFile) }),
  };
}

function familiesOf(folder: string | undefined, cwd: string): Pick<Config, 'families'> {
  return folder === undefined ? {} : { families: { path: resolve(cwd, folder), shownAs: folder } };
}

/** Where the risk policy is. */
export function policySource({ risk_policy: { path } }: Settings, cwd: string): PolicySource {
  return path === undefined ? DEFAULT_POLICY : { path: resolve(cwd, path), shownAs: path };
}

function overridesOf({ experiments, approval }: Settings['modes'][Mode]): ModeOverrides {
  return {
    experiments: {
      maxParallel: experiments.max_parallel,
      defaultTimeoutSeconds: experiments.default_timeout_seconds,
      costLimitUsd: experiments.cost_limit_usd,
      followUpCalls: experiments.follow_up_calls,
    },
    timeouts: approval.timeouts,
    approval: approvalRulesOf(approval),
  };
}
