import type { FailureType } from '../../../domain/taxonomy';

/** Words that repair a fault when one sentence of the system prompt has a word of every group. */
type RepairingRule = readonly (readonly string[])[];

/** A planted fault of the demo application; the text fields are the source of `docs/demo-target.md`. */
export interface PlantedFault {
  readonly failureType: FailureType;
  /** What the application does wrong. */
  readonly description: string;
  /**
   * Share of conversations in which the stimulus works unless a target sets another, 0–1; decided by a hash of seed,
   * fault and first user message.
   */
  readonly probability: number;
  readonly trigger: string;
  /** What repairs it, for people. */
  readonly fixedBy: string;
  readonly repairingRule?: RepairingRule;
}
