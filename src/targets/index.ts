import { z } from 'zod';
import { DomainError } from '../domain/errors';
import type { Target, TargetDirectory } from '../ports/target';
import { demo } from './demo-kind';
import { invalidTarget, type Environment, type TargetKind } from './kind';
import { openai } from './openai';

/** The kinds of targets: a new one is a file beside this one and a line here. */
const TARGET_KINDS: Readonly<Record<string, TargetKind>> = { demo, openai };

/**
 * The configured targets by name, and `demo` always.
 * @throws {DomainError} `invalid_configuration` with the JSON pointer of the mistake in `details.pointer`.
 */
export function createTargetDirectory(
  configured: Readonly<Record<string, unknown>>,
  env: Environment,
): TargetDirectory {
  const targets = new Map<string, Target>();
  for (const [name, settings] of Object.entries({ demo: { kind: 'demo' }, ...configured })) {
    targets.set(name, kindOf(name, settings).create(name, settings, env));
  }
  const names = [...targets.keys()];
  return {
    names,
    get(name) {
      const target = targets.get(name);
      if (target !== undefined) return target;
      const known = names.join(', ');
      throw new DomainError('unknown_target', `there is no target ${name}; configured are ${known}`, {
        targets: names,
      });
    },
  };
}

const anyKind = z.looseObject({ kind: z.enum(Object.keys(TARGET_KINDS)) });

function kindOf(name: string, settings: unknown): TargetKind {
  const parsed = anyKind.safeParse(settings);
  const kind = TARGET_KINDS[parsed.data?.kind ?? ''];
  if (kind !== undefined) return kind;
  throw invalidTarget(name, ['kind'], `kind must be one of ${Object.keys(TARGET_KINDS).join(', ')}`);
}
