import type { AuditEventType } from '../domain/audit-events';

/** One consequential event. `key` makes it idempotent. */
export interface AuditEvent {
  readonly key: string;
  readonly eventType: AuditEventType;
  readonly actor: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditTrail {
  append(events: readonly AuditEvent[]): Promise<void>;
}

/** A row of the audit log. */
export interface AuditEntry {
  readonly id: string;
  readonly eventType: string;
  /** Who did it, as far as it is known: the owner of a key, a workflow, a process. */
  readonly actor: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  /** Its place in the sealed chain; null until it is sealed. */
  readonly seq: number | null;
}

/** What narrows a look into the audit log; nothing is required. */
export interface AuditFilter {
  readonly eventTypes?: readonly AuditEventType[] | undefined;
  /** Included. */
  readonly since?: Date | undefined;
  /** Excluded. */
  readonly until?: Date | undefined;
  readonly actor?: string | undefined;
  readonly subjectId?: string | undefined;
}

export interface AuditLog {
  /**
   * One page, newest first.
   * @throws {DomainError} `invalid_cursor` for a cursor that no page gave.
   */
  page(
    query: AuditFilter & { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ readonly items: readonly AuditEntry[]; readonly nextCursor: string | null }>;
}
