import { nearestName, type ConfigMistake } from './mistakes';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Binding {
  readonly path: readonly string[];
  readonly kind: 'text' | 'number';
}

/** Environment variables that set a setting. */
export const BINDINGS: Readonly<Record<string, Binding>> = {
  TINMAN_HOME: { path: ['home'], kind: 'text' },
  TINMAN_HOST: { path: ['host'], kind: 'text' },
  TINMAN_PORT: { path: ['port'], kind: 'number' },
  TINMAN_METRICS_PORT: { path: ['metrics_port'], kind: 'number' },
  TINMAN_DATABASE_URL: { path: ['database_url'], kind: 'text' },
  TINMAN_OWNER_DATABASE_URL: { path: ['owner_database_url'], kind: 'text' },
  TINMAN_AUDIT_KEY_FILE: { path: ['audit', 'key_file'], kind: 'text' },
  TINMAN_AUDIT_ANCHOR_FILE: { path: ['audit', 'anchor_file'], kind: 'text' },
  TINMAN_MODE: { path: ['mode'], kind: 'text' },
  TINMAN_RISK_POLICY: { path: ['risk_policy', 'path'], kind: 'text' },
  TINMAN_RESEARCHER: { path: ['researcher'], kind: 'text' },
  TINMAN_TARGET: { path: ['default_target'], kind: 'text' },
  TINMAN_BUDGET_USD: { path: ['cost', 'budget_usd'], kind: 'number' },
  TINMAN_BOOTSTRAP_KEY_FILE: { path: ['access', 'bootstrap_key_file'], kind: 'text' },
  TINMAN_LOG_LEVEL: { path: ['log', 'level'], kind: 'text' },
  TINMAN_TEMPORAL_KEY_FILE: { path: ['temporal', 'encryption_key_file'], kind: 'text' },
  TEMPORAL_ADDRESS: { path: ['temporal', 'address'], kind: 'text' },
  TEMPORAL_NAMESPACE: { path: ['temporal', 'namespace'], kind: 'text' },
  ANTHROPIC_API_KEY: { path: ['anthropic', 'api_key'], kind: 'text' },
  ANTHROPIC_BASE_URL: { path: ['anthropic', 'base_url'], kind: 'text' },
  ANTHROPIC_MODEL: { path: ['anthropic', 'model'], kind: 'text' },
  OPENAI_API_KEY: { path: ['openai', 'api_key'], kind: 'text' },
  OPENAI_BASE_URL: { path: ['openai', 'base_url'], kind: 'text' },
  TINMAN_OPENAI_MODEL: { path: ['openai', 'model'], kind: 'text' },
  TINMAN_OPENAI_PROVIDER: { path: ['openai', 'provider'], kind: 'text' },
  GROQ_API_KEY: { path: ['openai', 'groq_api_key'], kind: 'text' },
  OPENROUTER_API_KEY: { path: ['openai', 'openrouter_api_key'], kind: 'text' },
  TOGETHER_API_KEY: { path: ['openai', 'together_api_key'], kind: 'text' },
};

/** Variables of our own that are no setting: where the file is, where a client finds the API. */
const OTHER_VARIABLES = ['TINMAN_CONFIG', 'TINMAN_URL', 'TINMAN_API_KEY', 'TINMAN_CACHE_DIR'];

/** A value laid over the file, with the name a person would look for. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly from: string;
}

/** A variable that has a meaning here, or whose name says that it should. */
export function isOurs(name: string): boolean {
  return name.startsWith('TINMAN_') || Object.hasOwn(BINDINGS, name);
}

/** The settings that the environment gives, each with its place; an empty variable counts as unset. */
export function environmentOverrides(
  env: Environment,
  placeOf: (name: string) => string,
): readonly Override[] {
  return Object.entries(BINDINGS).flatMap(([name, { path, kind }]) => {
    const text = env[name];
    if (text === undefined || text === '') return [];
    const isNumber = kind === 'number' && /^-?\d+(\.\d+)?$/.test(text.trim());
    return [{ path, value: isNumber ? Number(text) : text, from: placeOf(name) }];
  });
}

/** Variables that look like a mistyped one of ours: TINMAN_BUGDET_USD would otherwise be passed over in silence. */
export function mistypedVariables(
  env: Environment,
  placeOf: (name: string) => string,
  others: readonly string[],
): readonly ConfigMistake[] {
  const known = [...Object.keys(BINDINGS), ...OTHER_VARIABLES, ...others];
  const names = new Map(known.map((one) => [withoutPrefix(one), one]));
  return Object.keys(env)
    .filter((name) => name.startsWith('TINMAN_') && !known.includes(name))
    .flatMap((name) => {
      const meant = nearestName(withoutPrefix(name), [...names.keys()]);
      if (meant === undefined) return [];
      const where = placeOf(name);
      const field = where === name ? '' : name;
      return [{ where, field, message: `unknown variable; did you mean ${names.get(meant)}?` }];
    });
}

/** By which names are compared: TINMAN_ANTHROPIC_MODEL is most likely meant to be ANTHROPIC_MODEL. */
function withoutPrefix(name: string): string {
  return name.replace(/^TINMAN_/, '');
}
