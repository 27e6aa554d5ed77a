import { z } from 'zod';
import { MODES } from '../../domain/mode';
import type { TransitionAnswer } from '../../ports/mode-gateway';
import type { ModeHistoryEntry, WaitingTransition } from '../../ports/stores';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';
import { text, timestamp } from '../schemas';

const HISTORY_LENGTH = 20;
const COMMENT_LIMIT = 2_000;

const mode = z.enum(MODES);

const CurrentMode = z
  .object({
    mode,
    version: z.int().describe('Grows with every change of mode.'),
    waiting: z
      .object({
        workflow_id: z.string(),
        approval_id: z.guid(),
        requested_by: z.string(),
        deadline_at: timestamp.nullable(),
      })
      .nullable()
      .describe('The transition that waits for a person.'),
    transitions: z
      .array(
        z.object({
          from_mode: mode.nullable(),
          to_mode: mode,
          version: z.int(),
          reason: z.string().nullable(),
          requested_by: z.string(),
          emergency: z.boolean(),
          created_at: timestamp,
        }),
      )
      .describe(`The last ${HISTORY_LENGTH}, newest first.`),
  })
  .meta({ id: 'Mode' });

const TransitionRequest = z
  .strictObject({ target_mode: mode, reason: text(COMMENT_LIMIT).optional() })
  .meta({ id: 'ModeTransitionRequest' });

const Transition = z
  .object({
    success: z.boolean().describe('False while it waits for a person.'),
    from_mode: mode,
    to_mode: mode,
    message: z.string(),
    approval_id: z.guid().optional(),
    workflow_id: z.string().optional(),
  })
  .meta({ id: 'ModeTransition' });

/** `/mode` and `/mode/transition`. */
export function modeRoutes({ mode: store, modes }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/mode',
      tag: 'service',
      summary: 'The operating mode in force, and how it came to be.',
      access: 'viewer',
      responses: { 200: { description: 'The mode.', schema: CurrentMode } },
      handler: async () => {
        // Read before the history, which then holds at least what led to it; what came later is not shown.
        const current = await store.current();
        const [waiting, history] = await Promise.all([store.waiting(), store.history(HISTORY_LENGTH)]);
        const body = {
          mode: current.mode,
          version: current.version,
          waiting: waiting === undefined ? null : shownWaiting(waiting),
          transitions: history.filter(({ version }) => version <= current.version).map(shownEntry),
        };
        return { status: 200, body };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/mode/transition',
      tag: 'service',
      summary: 'Changes the mode; into production once a person has approved.',
      access: 'operator',
      body: TransitionRequest,
      responses: {
        200: { description: 'The mode is changed.', schema: Transition },
        202: {
          description: 'The change waits for an approval.',
          schema: Transition,
          headers: { Location: 'The approval.' },
        },
      },
      problems: { 409: 'Not allowed; `blocked_reason` says why.', 503: 'No worker answered in time.' },
      handler: async ({ body, principal }) => {
        const answer = await modes.request({
          to: body.target_mode,
          comment: body.reason ?? null,
          requestedBy: principal.name,
        });
        return replyTo(answer);
      },
    }),
  ];
}

function replyTo(answer: TransitionAnswer) {
  const { state, from, to, message } = answer;
  const body: z.infer<typeof Transition> = {
    success: state === 'done',
    from_mode: from,
    to_mode: to,
    message,
  };
  if (answer.state === 'done') return { status: 200, body };
  const { approvalId, workflowId } = answer;
  return {
    status: 202,
    headers: { Location: `/approvals/${approvalId}` },
    body: { ...body, approval_id: approvalId, workflow_id: workflowId },
  };
}

function shownWaiting({ workflowId, approvalId, requestedBy, deadlineAt }: WaitingTransition) {
  return {
    workflow_id: workflowId,
    approval_id: approvalId,
    requested_by: requestedBy,
    deadline_at: deadlineAt?.toISOString() ?? null,
  };
}

function shownEntry({ from, to, version, reason, requestedBy, emergency, at }: ModeHistoryEntry) {
  return {
    from_mode: from,
    to_mode: to,
    version,
    reason,
    requested_by: requestedBy,
    emergency,
    created_at: at.toISOString(),
  };
}
