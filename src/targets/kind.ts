import { z } from 'zod';
import { DomainError } from '../domain/errors';
import type { Target } from '../ports/target';

/** Environment variables by name, as far as targets may look at them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A kind of target that can be configured. */
export interface TargetKind {
  /**
   * Builds a target from settings as they were read.
   * @throws {DomainError} `invalid_configuration`, with the JSON pointer into the configuration in `details.pointer`.
   */
  create(name: string, settings: unknown, env: Environment): Target;
}

/** A kind that takes settings of this schema. */
export function targetKind<S extends z.ZodType>(
  schema: S,
  create: (name: string, settings: z.output<S>, env: Environment) => Target,
): TargetKind {
  return {
    create(name, settings, env) {
      const parsed = schema.safeParse(settings);
      if (parsed.success) return create(name, parsed.data, env);
      throw invalidTarget(name, parsed.error.issues[0]?.path ?? [], z.prettifyError(parsed.error));
    },
  };
}

/** The error for a mistake at `path` in the settings of a target. */
export function invalidTarget(name: string, path: readonly PropertyKey[], problem: string): DomainError {
  const pointer = ['', 'targets', name, ...path].map(String).join('/');
  return new DomainError('invalid_configuration', `target ${name}: ${problem}`, { pointer });
}
