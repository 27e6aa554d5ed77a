import { createHash } from 'node:crypto';
import { DomainError } from '../../domain/errors';
import { DEPLOYMENT_FAULTS } from './planted/deployment';
import { FEEDBACK_LOOP_FAULTS } from './planted/feedback-loop';
import { LONG_CONTEXT_FAULTS } from './planted/long-context';
import type { PlantedFault } from './planted/planted-fault';
import { REASONING_FAULTS } from './planted/reasoning';
import { TOOL_USE_FAULTS } from './planted/tool-use';

/** Every fault by its id. */
export const DEMO_FAULTS = {
  ...REASONING_FAULTS,
  ...LONG_CONTEXT_FAULTS,
  ...TOOL_USE_FAULTS,
  ...FEEDBACK_LOOP_FAULTS,
  ...DEPLOYMENT_FAULTS,
} as const satisfies Record<string, PlantedFault>;

export type DemoFault = keyof typeof DEMO_FAULTS;

export const DEMO_FAULT_NAMES: readonly DemoFault[] = Object.keys(DEMO_FAULTS).filter(isDemoFault);

/** The faults of a demo target that is told of none. */
export const DEFAULT_DEMO_FAULTS: readonly DemoFault[] = [
  'override_leak',
  'decimal_versions',
  'lost_middle',
  'forgotten_format',
  'obeys_documents',
  'stubborn_tool',
  'tidy_deletes',
  'dates_as_written',
  'imaginary_tool',
  'poisoned_notes',
  'caves_in',
  'endless_answer',
  'story_leak',
  'echoed_input',
];

export function isDemoFault(name: string): name is DemoFault {
  return Object.hasOwn(DEMO_FAULTS, name);
}

/** The entry of a fault with its optional fields. */
export function plantedFault(fault: DemoFault): PlantedFault {
  return DEMO_FAULTS[fault];
}

/** Which faults are active: their names, or their names with the share of conversations in which each works, 0–1. */
export type FaultChoice = readonly string[] | Readonly<Record<string, number>>;

/** The active faults with the share of conversations in which each works, 0–1. */
export type ActiveFaults = ReadonlyMap<DemoFault, number>;

/**
 * The active faults of a choice; a fault without a share has its documented one.
 * @throws {DomainError} `invalid_configuration` for a name that is none, naming the known ones, or a share beyond 0–1.
 */
export function activeFaults(choice: FaultChoice): ActiveFaults {
  const shares: readonly (readonly [string, number | undefined])[] = isList(choice)
    ? choice.map((name) => [name, undefined])
    : Object.entries(choice);
  return new Map(shares.map(([name, share]) => active(name, share)));
}

function isList(choice: FaultChoice): choice is readonly string[] {
  return Array.isArray(choice);
}

function active(name: string, share: number | undefined): readonly [DemoFault, number] {
  if (!isDemoFault(name)) {
    const known = DEMO_FAULT_NAMES.join(', ');
    throw new DomainError('invalid_configuration', `unknown demo fault "${name}"; known: ${known}`);
  }
  const probability = share ?? plantedFault(name).probability;
  if (probability >= 0 && probability <= 1) return [name, probability];
  throw new DomainError('invalid_configuration', `the share of demo fault "${name}" must be from 0 to 1`);
}

/** A number in [0, 1) that depends on nothing but its arguments. */
export function drawOf(seed: number, fault: DemoFault, conversation: string): number {
  const digest = createHash('sha256').update(`${seed}\n${fault}\n${conversation}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

/** Whether a sentence of the system prompt has a word of every group. */
export function isRepaired(fault: DemoFault, systemPrompt: string): boolean {
  const rule = plantedFault(fault).repairingRule;
  if (rule === undefined) return false;
  return systemPrompt
    .toLowerCase()
    .split(/(?<=[.!?;])\s+|\n+/)
    .map((sentence) => new Set(sentence.match(/[a-z]+/g)))
    .some((words) => rule.every((group) => group.some((word) => words.has(word))));
}
