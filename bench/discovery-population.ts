import type { FailureType } from '../src/domain/taxonomy';
import type { Target } from '../src/ports/target';
import { createDemoTarget, DEMO_FAULT_NAMES, DEMO_FAULTS, type DemoFault } from '../src/targets/demo';
import { asApplication, drawApplication, drawFrom, mixed } from './discovery-applications';
import { VirtualClock } from './virtual-clock';

/** Shares of conversations in which a fault shows when it is triggered. */
export const PROBABILITIES = [1, 0.5, 0.2] as const;
/** Members for each fault and share. */
const EACH = 2;

export interface Member {
  readonly target: Target;
  /** The same application without its fault; null for a healthy one. */
  readonly sound: Target | null;
  /** What is wrong with it; null for a healthy one. */
  readonly fault: {
    readonly name: DemoFault;
    readonly failureType: FailureType;
    readonly probability: number;
  } | null;
}

/**
 * Targets with one planted fault each, every fault there is at every share, and healthy ones. Each is another invented
 * business. Nothing here knows an experiment: what a member says follows from its fault, its seed and the request.
 */
export function generatePopulation(seed: number, healthy: number): readonly Member[] {
  const planted = DEMO_FAULT_NAMES.flatMap((name) =>
    PROBABILITIES.flatMap((probability) =>
      Array.from({ length: EACH }, () => ({
        name,
        failureType: DEMO_FAULTS[name].failureType,
        probability,
      })),
    ),
  );
  const wanted = [...planted, ...Array.from({ length: healthy }, () => null)];
  return wanted.map((fault, index) => memberOf(fault, mixed(seed, index)));
}

function memberOf(fault: Member['fault'], seed: number): Member {
  const application = drawApplication(drawFrom(seed));
  const well = createDemoTarget({ faults: [], clock: new VirtualClock() });
  if (fault === null) return { fault, target: asApplication(well, application, seed), sound: null };
  // Tool policies, fences and limits repair some faults (docs/demo-target.md), and slow answers hide that some are slower.
  const { systemPrompt } = application.configuration;
  const plain = {
    ...application,
    configuration: { ...well.describe.configuration, systemPrompt },
    delayMs: 0,
  };
  const ill = createDemoTarget({ faults: { [fault.name]: fault.probability }, clock: new VirtualClock() });
  return { fault, target: asApplication(ill, plain, seed), sound: asApplication(well, plain, seed) };
}
