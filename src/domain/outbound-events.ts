/** Everything that is told to webhooks; `prisma/migrations/0005_webhooks` says which audit entry each is made from. */
export const OUTBOUND_EVENT_TYPES = [
  'failure.discovered',
  'approval.requested',
  'approval.reminder',
  'approval.escalated',
  'approval.decided',
  'action.blocked',
  'cycle.completed',
  'mode.changed',
  'budget.warning',
  'intervention.deployed',
  'intervention.rolled_back',
] as const;
export type OutboundEventType = (typeof OUTBOUND_EVENT_TYPES)[number];

/** How a delivery stands; `dropped`: its endpoint left the configuration. */
export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'dropped'] as const;
