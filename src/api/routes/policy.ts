import { z } from 'zod';
import { MODES } from '../../domain/mode';
import { ACTION_TYPES, RISK_TIERS } from '../../domain/risk';
import { riskPolicyDocument } from '../../domain/risk-policy-document';
import { SEVERITIES } from '../../domain/severity';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';

const mode = z.enum(MODES);
const tier = z.enum(RISK_TIERS);
const usd = z.number().min(0);

const Policy = z
  .object({
    version: z.string().describe('A digest over what the policy says; every verdict records it.'),
    file: z.string().describe('The name of the file it was read from.'),
    base_matrix: z.record(mode, z.record(z.enum(SEVERITIES), tier)),
    action_overrides: z.partialRecord(z.enum(ACTION_TYPES), z.partialRecord(mode, tier)),
    cost_thresholds: z.object({ low_cost_max: usd, high_cost_min: usd }),
  })
  .meta({ id: 'RiskPolicy' });

/** `/policy`. */
export function policyRoutes({ policy }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/policy',
      access: 'viewer',
      tag: 'service',
      summary: 'The risk policy in force: what goes on, what waits for a person and what is refused.',
      responses: { 200: { description: 'The policy, by the names of its file.', schema: Policy } },
      handler: () => {
        const current = policy.current();
        const { version } = current;
        return { status: 200, body: { version, file: policy.file, ...riskPolicyDocument(current) } };
      },
    }),
  ];
}
