import { z } from 'zod';
import type { ApprovalRules } from '../domain/approval-rules';
import type { Severity } from '../domain/severity';
import { DAY_SECONDS, seconds } from './duration';

const timeouts = { S0: seconds, S1: seconds, S2: seconds, S3: seconds, S4: seconds } satisfies Record<
  Severity,
  unknown
>;
/** Below 1, so that what is sent at it comes before the deadline. */
const share = z.number().min(0).max(0.99);
const rules = {
  on_review: z.enum(['wait', 'reject']),
  require_comment: z.boolean(),
  notify_on_block: z.boolean(),
  reminder_at: share,
  escalate_at: share,
};

/** `approval` in tinman.yaml: how people are asked. */
export const APPROVAL_SETTINGS = z.strictObject({
  timeouts: z
    .strictObject({
      S0: seconds.default(DAY_SECONDS),
      S1: seconds.default(DAY_SECONDS),
      S2: seconds.default(7 * DAY_SECONDS),
      S3: seconds.default(DAY_SECONDS),
      S4: seconds.default(DAY_SECONDS),
    })
    .prefault({}),
  on_review: rules.on_review.default('wait'),
  require_comment: rules.require_comment.default(false),
  notify_on_block: rules.notify_on_block.default(true),
  reminder_at: rules.reminder_at.default(0.5),
  escalate_at: rules.escalate_at.default(0.8),
});

/** The same in one mode. */
export const APPROVAL_OVERRIDES = z.strictObject({
  timeouts: z.strictObject(timeouts).partial().prefault({}),
  ...z.strictObject(rules).partial().shape,
});

export interface ApprovalSettings extends ApprovalRules {
  /** Seconds until silence counts as not approved, by the severity of the action. */
  readonly timeouts: Readonly<Record<Severity, number>>;
}

export function approvalSettingsOf(approval: z.output<typeof APPROVAL_SETTINGS>): ApprovalSettings {
  return {
    timeouts: approval.timeouts,
    onReview: approval.on_review,
    requireComment: approval.require_comment,
    notifyOnBlock: approval.notify_on_block,
    reminderAt: approval.reminder_at,
    escalateAt: approval.escalate_at,
  };
}

/** What stands in place of the general rules in one mode. */
export function approvalRulesOf(overrides: z.output<typeof APPROVAL_OVERRIDES>): {
  readonly [K in keyof ApprovalRules]: ApprovalRules[K] | undefined;
} {
  return {
    onReview: overrides.on_review,
    requireComment: overrides.require_comment,
    notifyOnBlock: overrides.notify_on_block,
    reminderAt: overrides.reminder_at,
    escalateAt: overrides.escalate_at,
  };
}
