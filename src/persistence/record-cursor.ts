import { DomainError } from '../domain/errors';
import type { Resource } from '../ports/records';

/** What has pages. */
type Listed = Resource | 'audit';

/** Where a page ended: the next one begins below it, newest first. */
export interface Position {
  readonly createdAt: Date;
  readonly id: string;
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** A position as callers carry it, opaque: base64url of resource, time and id. */
export function toCursor(resource: Listed, { createdAt, id }: Position): string {
  return Buffer.from(`${resource} ${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** @throws {DomainError} `invalid_cursor` for anything but a cursor that a list of this resource gave. */
export function fromCursor(resource: Listed, cursor: string): Position {
  const [ofResource, time = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const createdAt = new Date(time);
  const valid =
    ofResource === resource && rest.length === 0 && isUuid(id) && !Number.isNaN(createdAt.getTime());
  if (!valid || toCursor(resource, { createdAt, id }) !== cursor) {
    throw new DomainError('invalid_cursor', `the cursor is not one of a list of ${resource}`);
  }
  return { createdAt, id };
}
