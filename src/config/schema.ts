import { z } from 'zod';
import { isAllowEntry } from '../domain/allow-entry';
import { MODES } from '../domain/mode';
import { APPROVAL_OVERRIDES, APPROVAL_SETTINGS } from './approval-settings';
import { COST_SETTINGS, usd } from './cost-settings';
import { DAY_SECONDS } from './duration';
import { OPENAI_SETTINGS } from './openai-settings';
import { SHADOW_SETTINGS, TRACE_SETTINGS } from './trace-settings';
import { WEBHOOK_SETTINGS } from './webhook-settings';

const port = z.int().min(0).max(65_535);
const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/\S+$/, 'Expected a URL such as postgresql://user@host:5432/database');

const experiments = {
  max_parallel: z.int().min(1).max(1_000),
  default_timeout_seconds: z.number().positive().max(DAY_SECONDS),
  cost_limit_usd: usd,
  follow_up_calls: z.int().min(0).max(1_000),
};

/** What may differ in one mode. */
const modeOverrides = z.strictObject({
  experiments: z.strictObject(experiments).partial().prefault({}),
  approval: APPROVAL_OVERRIDES.prefault({}),
});

/** Every setting by its name in tinman.yaml; environment and command line are laid over the file before it is checked. */
export const SETTINGS = z.strictObject({
  home: z.string().min(1).default('.tinman'),
  host: z.string().min(1).max(255).default('127.0.0.1'),
  port: port.default(8_000),
  metrics_port: port.default(9_090),
  database_url: databaseUrl.optional(),
  owner_database_url: databaseUrl.optional(),
  mode: z.enum(MODES).default('lab'),
  risk_policy: z.strictObject({ path: z.string().min(1).optional() }).prefault({}),
  temporal: z
    .strictObject({
      address: z
        .string()
        .regex(/^[^\s/]+:\d{1,5}$/, 'Expected host:port')
        .optional(),
      namespace: z.string().min(1).max(255).default('default'),
      task_queue: z.string().min(1).max(255).default('tinman'),
      encryption_key_file: z.string().min(1).optional(),
    })
    .prefault({}),
  researcher: z.enum(['offline', 'anthropic', 'openai']).optional(),
  anthropic: z
    .strictObject({
      api_key: z.string().min(1).optional(),
      model: z.string().min(1).max(200).default('claude-sonnet-5-5'),
      base_url: z.url({ protocol: /^https?$/ }).optional(),
      max_output_tokens: z.int().min(256).max(200_000).default(16_000),
    })
    .prefault({}),
  openai: OPENAI_SETTINGS.prefault({}),
  default_target: z.string().min(1).max(100).default('demo'),
  targets: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,99}$/, 'Expected a name of small letters, digits, - and _'),
      z.looseObject({ kind: z.string().min(1) }),
    )
    .default({}),
  experiments: z
    .strictObject({
      max_parallel: experiments.max_parallel.default(5),
      default_timeout_seconds: experiments.default_timeout_seconds.default(300),
      cost_limit_usd: experiments.cost_limit_usd.default(10),
      follow_up_calls: experiments.follow_up_calls.default(20),
      families_dir: z.string().min(1).optional(),
    })
    .prefault({}),
  audit: z
    .strictObject({ key_file: z.string().min(1).optional(), anchor_file: z.string().min(1).optional() })
    .prefault({}),
  access: z
    .strictObject({
      bootstrap_key_file: z.string().min(1).optional(),
      requests_per_minute: z.int().min(1).max(1_000_000).default(1_200),
      cors_origins: z
        .array(
          z.string().regex(/^https?:\/\/[^/\s]+$/, 'Expected an origin such as https://console.example.com'),
        )
        .max(100)
        .default([]),
    })
    .prefault({}),
  approval: APPROVAL_SETTINGS.prefault({}),
  tools: z
    .strictObject({
      http_get: z
        .strictObject({
          allow: z
            .array(
              z
                .string()
                .max(300)
                .refine(isAllowEntry, 'Expected a host such as api.example.com or *.example.com'),
            )
            .max(1_000)
            .default([]),
        })
        .prefault({}),
      sql_query: z
        .strictObject({
          url_env: z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'Expected the name of a variable'),
        })
        .optional(),
    })
    .prefault({}),
  traces: TRACE_SETTINGS.prefault({}),
  shadow: SHADOW_SETTINGS.prefault({}),
  deployment: z
    .strictObject({
      watch_hours: z
        .number()
        .positive()
        .max(24 * 365)
        .default(24),
      watch_replays: z.int().min(2).max(500).default(30),
    })
    .prefault({}),
  webhooks: WEBHOOK_SETTINGS.default([]),
  cost: COST_SETTINGS.prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
  modes: z
    .strictObject({
      lab: modeOverrides.prefault({}),
      shadow: modeOverrides.prefault({}),
      production: modeOverrides.prefault({}),
    })
    .prefault({}),
});
export type Settings = z.output<typeof SETTINGS>;
/** Settings by their names in tinman.yaml, as far as they are given. */
export type GivenSettings = z.input<typeof SETTINGS>;
