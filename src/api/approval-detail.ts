import { z } from 'zod';
import { APPROVAL_VERDICTS, APPROVAL_STATES, DECISION_VIAS } from '../domain/approval';
import { REMINDER_KINDS } from '../domain/approval-rules';
import { MODES } from '../domain/mode';
import { Approval, Failure, Simulation } from './resources';
import { timestamp } from './schemas';

const claimedAndProven = {
  decided_by: z.string().nullable().describe('As claimed.'),
  proven_by: z.string().nullable().describe('The owner of the API key behind it; null when it is unproven.'),
  via: z.enum(DECISION_VIAS),
};

const Digest = z.object({
  asked: z.string().describe('Of the action that was asked for: `action_digest`.'),
  now: z
    .string()
    .nullable()
    .describe('Of the action as it would be done now; null when that cannot be told.'),
  matches: z.boolean().describe('False: the executor would refuse it.'),
  policy_in_force: z
    .boolean()
    .describe('False: another risk policy is in force now, and the action would be assessed anew.'),
  problem: z.string().nullable().describe('Why it cannot be told.'),
});

/** `GET /approvals/{id}`. Texts of models, targets and people are data: show them as text. */
export const ApprovalDetail = Approval.extend({
  cycle_id: z.guid().nullable(),
  subject_id: z.string(),
  mode: z.enum(MODES),
  policy_version: z.string(),
  person_required: z.boolean().describe('True: policy never approves it.'),
  risk_reason: z.string().nullable().describe('The rule that asks for a person.'),
  deadline_at: timestamp.nullable(),
  decision: z
    .object({
      ...claimedAndProven,
      decision: z.enum(APPROVAL_STATES).exclude(['pending']),
      reason: z.string().nullable(),
      decided_at: timestamp,
    })
    .nullable(),
  reminders: z.array(z.object({ kind: z.enum(REMINDER_KINDS), at: timestamp })),
  refused_decisions: z
    .array(
      z.looseObject({
        ...claimedAndProven,
        code: z.string(),
        decision: z.enum(APPROVAL_VERDICTS),
        at: timestamp,
      }),
    )
    .describe('Decisions that were not enough, or came too late.'),
  refused_actions: z
    .array(
      z.looseObject({
        expected_digest: z.string(),
        found_digest: z.string(),
        reason: z.string(),
        at: timestamp,
      }),
    )
    .describe('Actions that an executor would not do, because they are not what was approved.'),
  action: z
    .looseObject({
      kind: z.enum(['experiment', 'simulation', 'deployment', 'mode_transition', 'tool_call']),
      configuration: z
        .looseObject({
          before: z.string().describe('The configuration of the target, as YAML.'),
          after: z.string().optional().describe('With the patch in force.'),
          diff: z.string().nullable().optional().describe('From one to the other, a unified diff.'),
        })
        .optional(),
    })
    .nullable()
    .describe('Exactly what will be done, from the records as they are now; null when they are gone.'),
  evidence: z
    .object({ failure: Failure.nullable(), simulations: z.array(Simulation) })
    .nullable()
    .describe('What speaks for a fix; null for other actions.'),
  digest: Digest,
}).meta({ id: 'ApprovalDetail' });
export type ApprovalDetail = z.infer<typeof ApprovalDetail>;
