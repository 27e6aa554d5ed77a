import { createHash } from 'node:crypto';
import type { CycleRequest } from '../domain/cycle';

/** SHA-256 of a request, to tell whether two are the same. */
export function hashOf(request: CycleRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}
