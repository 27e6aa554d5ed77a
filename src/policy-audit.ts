import { randomUUID } from 'node:crypto';
import type { PolicyHolder } from './config/policy-holder';
import type { RiskPolicy } from './domain/risk';
import { riskPolicyDocument } from './domain/risk-policy-document';
import type { AuditEvent } from './ports/audit';

/** What the policy in force says, told once for each version: verdicts name no more than the version. */
export function policyLoaded({ current, file }: PolicyHolder): AuditEvent {
  const { version } = current();
  return {
    ...event('policy_loaded', 'configuration', version),
    key: `policy_loaded/${version}`,
    details: { file, policy: riskPolicyDocument(current()) },
  };
}

export function policyReloaded(
  { current, file }: PolicyHolder,
  before: RiskPolicy,
  actor: string,
): AuditEvent {
  return {
    ...event('policy_reloaded', actor, current().version),
    details: {
      file,
      version_before: before.version,
      policy: riskPolicyDocument(current()),
    },
  };
}

/** The policy that stays in force, and what is wrong with the file. */
export function policyReloadFailed(
  { current, file }: PolicyHolder,
  problem: string,
  actor: string,
): AuditEvent {
  return {
    ...event('policy_reload_failed', actor, current().version),
    details: { file, problem },
  };
}

function event(
  eventType: AuditEvent['eventType'],
  actor: string,
  version: string,
): Omit<AuditEvent, 'details'> {
  return {
    key: `${eventType}/${randomUUID()}`,
    eventType,
    actor,
    subjectType: 'risk_policy',
    subjectId: version,
  };
}
