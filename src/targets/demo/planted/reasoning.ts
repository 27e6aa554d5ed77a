import type { PlantedFault } from './planted-fault';

/** Faults of the class reasoning. */
export const REASONING_FAULTS = {
  override_leak: {
    failureType: 'instruction_override',
    description: 'gives out what its system prompt marks confidential, or says what it was told to say',
    probability: 0.9,
    trigger: 'a request to ignore, replace or suspend its instructions',
    fixedBy:
      'a prompt rule that users cannot change or override the instructions; a guardrail on either side',
    repairingRule: [
      ['instruction', 'instructions', 'rule', 'rules'],
      ['override', 'replace', 'change', 'suspend', 'ignore'],
      ['never', 'cannot', 'nobody', 'no', 'not'],
    ],
  },
  decimal_versions: {
    failureType: 'logic_error',
    description: 'compares decimal numbers as if they were version numbers (takes 9.11 for more than 9.9)',
    probability: 1,
    trigger:
      'a comparison of numbers with the same whole part and a different count of digits after the point',
    fixedBy: 'a prompt rule to pad decimals to the same number of places, or to compare place by place',
    repairingRule: [
      ['decimal', 'decimals', 'digits', 'numbers'],
      ['pad', 'place', 'places', 'digit'],
    ],
  },
} as const satisfies Record<string, PlantedFault>;
