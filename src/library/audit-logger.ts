import { AUDIT_EVENT_TYPES, type AuditEventType } from '../domain/audit-events';
import type { AuditEntry, AuditLog } from '../ports/audit';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** Which rows of the audit log are asked for; nothing is required. */
export interface AuditQuery {
  readonly eventTypes?: readonly AuditEventType[];
  /** Included. */
  readonly since?: Date;
  /** Excluded. */
  readonly until?: Date;
  readonly actor?: string;
  /** 1 to 10,000; 100 unless given. */
  readonly limit?: number;
}

/** The audit log, read. Tinman writes it itself. */
export interface AuditLogger {
  /** Newest first. @throws {RangeError} naming what is wrong with the query. */
  query(query?: AuditQuery): Promise<readonly AuditEntry[]>;
}

export function auditLogger(log: AuditLog): AuditLogger {
  return {
    query: async ({ limit = DEFAULT_LIMIT, ...filter } = {}) => {
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
        throw new RangeError(`limit must be a whole number from 1 to ${MAX_LIMIT}`);
      }
      const unknown = filter.eventTypes?.find((type) => !AUDIT_EVENT_TYPES.includes(type));
      if (unknown !== undefined) {
        throw new RangeError(`there is no event type ${unknown}; there are ${AUDIT_EVENT_TYPES.join(', ')}`);
      }
      return (await log.page({ ...filter, limit })).items;
    },
  };
}
