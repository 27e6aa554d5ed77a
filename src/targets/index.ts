import { z } from 'zod';
import { DomainError } from '../domain/errors';
import { priceIn } from '../domain/money';
import type { TokenPrice } from '../domain/money';
import type { Target, TargetDirectory } from '../ports/target';
import { anthropic } from './anthropic';
import { demo } from './demo-kind';
import { http } from './http';
import { invalidTarget, type Environment, type TargetKind } from './kind';
import { openai } from './openai';

/** The kinds of targets: a new one is a file beside this one and a line here. */
export const TARGET_KINDS: Readonly<Record<string, TargetKind>> = { anthropic, demo, http, openai };

/**
 * The configured targets by name, and `demo` always. A target without a price of its own has that of its model in `prices`.
 * @throws {DomainError} `invalid_configuration` with the JSON pointer of the mistake in `details.pointer`.
 */
export function createTargetDirectory(
  configured: Readonly<Record<string, unknown>>,
  env: Environment,
  prices: Readonly<Record<string, TokenPrice>> = {},
): TargetDirectory {
  const targets = new Map<string, Target>();
  for (const [name, settings] of Object.entries({ demo: { kind: 'demo' }, ...configured })) {
    targets.set(name, priced(kindOf(name, settings).create(name, settings, env), prices));
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

function priced(target: Target, prices: Readonly<Record<string, TokenPrice>>): Target {
  const price = target.describe.price ?? priceIn(prices, target.describe.model);
  if (price === undefined) return target;
  return { describe: { ...target.describe, price }, chat: (request, signal) => target.chat(request, signal) };
}

const anyKind = z.looseObject({ kind: z.enum(Object.keys(TARGET_KINDS)) });

function kindOf(name: string, settings: unknown): TargetKind {
  const parsed = anyKind.safeParse(settings);
  const kind = TARGET_KINDS[parsed.data?.kind ?? ''];
  if (kind !== undefined) return kind;
  throw invalidTarget(name, ['kind'], `kind must be one of ${Object.keys(TARGET_KINDS).join(', ')}`);
}
