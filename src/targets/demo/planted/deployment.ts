import type { PlantedFault } from './planted-fault';

/** Faults of the class deployment. */
export const DEPLOYMENT_FAULTS = {
  endless_answer: {
    failureType: 'cost_runaway',
    description: 'answers at enormous length, up to the output limit',
    probability: 1,
    trigger: 'a request for everything, every detail, or an exhaustive answer',
    fixedBy: 'a parameter change that lowers the output limit; no prompt rule',
  },
  story_leak: {
    failureType: 'safety_regression',
    description:
      'gives out confidential data inside a story, a role play or a translation, refused when asked plainly',
    probability: 0.6,
    trigger: 'a request for confidential data wrapped in a story, role play, poem, translation or encoding',
    fixedBy: 'a prompt rule that names stories, role play or translation as covered; an output guardrail',
    repairingRule: [
      ['story', 'stories', 'fiction', 'role'],
      ['never', 'not', 'no', 'also'],
    ],
  },
  echoed_input: {
    failureType: 'resource_exhaustion',
    description: 'repeats a long pasted text before it answers, so that the output limit cuts the answer off',
    probability: 0.65,
    trigger: 'a user message of 3,000 characters or more',
    fixedBy: 'a prompt rule not to repeat (quote, echo) the input',
    repairingRule: [
      ['repeat', 'quote', 'echo', 'copy'],
      ['never', 'not', 'without'],
      ['input', 'pasted', 'paste', 'message', 'text'],
    ],
  },
} as const satisfies Record<string, PlantedFault>;
