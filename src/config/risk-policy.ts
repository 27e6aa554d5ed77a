import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical-json';
import { MODES } from '../domain/mode';
import { microOfUsd } from '../domain/money';
import { ACTION_TYPES, RISK_TIERS, type RiskPolicy } from '../domain/risk';
import { riskPolicyDocument } from '../domain/risk-policy-document';
import { SEVERITIES } from '../domain/severity';
import { PACKAGE_ROOT } from '../package-root';
import { readConfigFile } from './file';
import { mistakesOf } from './issues';
import { ConfigError, type ConfigMistake } from './mistakes';

/** A policy file: where it is, and what people call it. */
export interface PolicySource {
  readonly path: string;
  readonly shownAs: string;
}

/** The seed's table, as a file of this package. */
export const DEFAULT_POLICY: PolicySource = {
  path: join(PACKAGE_ROOT, 'risk_policy.yaml'),
  shownAs: 'risk_policy.yaml',
};

const VERSION_DIGITS = 12;

const whenMissing = {
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : undefined),
};
const mode = z.enum(MODES);
const tier = z.enum(RISK_TIERS, whenMissing);
const usd = z.number().min(0).max(1_000_000_000);

/** The file, by the seed's names. The matrix must be whole; without thresholds the seed's hold. */
const POLICY_FILE = z.strictObject({
  base_matrix: z.record(mode, z.record(z.enum(SEVERITIES), tier, whenMissing), whenMissing),
  action_overrides: z.partialRecord(z.enum(ACTION_TYPES), z.partialRecord(mode, tier)).default({}),
  cost_thresholds: z
    .strictObject({ low_cost_max: usd.default(1), high_cost_min: usd.default(10) })
    .refine(({ low_cost_max: low, high_cost_min: high }) => low <= high, {
      path: ['low_cost_max'],
      error: 'is above high_cost_min',
    })
    .prefault({}),
});

/**
 * Reads a policy file. Its version is a digest over what it says: the same whatever its comments and its order.
 * Without a policy there are mistakes.
 */
export function readRiskPolicy({ path, shownAs }: PolicySource): {
  readonly policy?: RiskPolicy;
  readonly mistakes: readonly ConfigMistake[];
} {
  const { file, mistakes } = readConfigFile(path, shownAs);
  if (file === undefined) return { mistakes };
  const parsed = POLICY_FILE.safeParse(file.values, { reportInput: true });
  if (parsed.success) return { policy: toPolicy(parsed.data), mistakes };
  const { locate, locateKey } = file;
  const checked = { schema: POLICY_FILE, locate, locateKey, nameOf };
  return { mistakes: parsed.error.issues.flatMap((issue) => mistakesOf(issue, checked)) };
}

/** @throws {ConfigError} with every mistake in the file. */
export function loadRiskPolicy(source: PolicySource): RiskPolicy {
  const { policy, mistakes } = readRiskPolicy(source);
  if (policy === undefined) throw new ConfigError(mistakes);
  return policy;
}

function toPolicy({
  base_matrix,
  action_overrides,
  cost_thresholds,
}: z.output<typeof POLICY_FILE>): RiskPolicy {
  const content = {
    baseMatrix: base_matrix,
    actionOverrides: action_overrides,
    costThresholds: {
      lowCostMaxMicroUsd: microOfUsd(cost_thresholds.low_cost_max),
      highCostMinMicroUsd: microOfUsd(cost_thresholds.high_cost_min),
    },
  };
  const digest = createHash('sha256')
    .update(canonicalJson(riskPolicyDocument(content)))
    .digest('hex');
  return { version: `sha256:${digest.slice(0, VERSION_DIGITS)}`, ...content };
}

/** What an unknown name in the mapping at a path was meant to be. */
function nameOf([section, ...inner]: readonly PropertyKey[]): string {
  if (section === 'base_matrix') return inner.length === 0 ? 'mode' : 'severity';
  if (section === 'action_overrides') return inner.length === 0 ? 'action' : 'mode';
  return 'entry';
}
