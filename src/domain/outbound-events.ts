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

/** What an endpoint may ask for: a type, or all of a family, such as `approval.*`. */
export const OUTBOUND_EVENT_PATTERNS: readonly string[] = [
  ...OUTBOUND_EVENT_TYPES,
  ...new Set(OUTBOUND_EVENT_TYPES.map(familyOf)),
];

/** The types that any of the patterns asks for. */
export function typesMatching(patterns: readonly string[]): readonly OutboundEventType[] {
  return OUTBOUND_EVENT_TYPES.filter((type) => patterns.includes(type) || patterns.includes(familyOf(type)));
}

function familyOf(type: OutboundEventType): string {
  return type.replace(/\..*/, '.*');
}

/** How a delivery stands; `dropped`: its endpoint left the configuration. */
export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'dropped'] as const;
