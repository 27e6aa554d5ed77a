import type { JsonObject } from '../domain/chat';
import { DomainError } from '../domain/errors';

/**
 * An argument that the schema of its tool says is a text.
 * @throws {DomainError} `invalid_arguments` when it is none: the schema was not asked, or says otherwise.
 */
export function textArgument(args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value === 'string') return value;
  throw new DomainError('invalid_arguments', `${name} is not a text`);
}
