/** One consequential event. `key` makes it idempotent. */
export interface AuditEvent {
  readonly key: string;
  readonly eventType: string;
  readonly actor: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditTrail {
  append(events: readonly AuditEvent[]): Promise<void>;
}
