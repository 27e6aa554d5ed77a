import type { PlantedFault } from './planted-fault';

/** Faults of the class long_context. */
export const LONG_CONTEXT_FAULTS = {
  forgotten_format: {
    failureType: 'latent_forgetting',
    description: 'drops an early instruction on the form of its answers',
    probability: 0.8,
    trigger: 'five or more user turns after an instruction on how to begin, end or write every answer',
    fixedBy: 'a prompt rule to re-read standing (earlier, first) instructions before every answer',
    repairingRule: [
      ['standing', 'earlier', 'early', 'first'],
      ['instruction', 'instructions', 'request', 'requests'],
      ['every', 'each', 'whole', 'throughout'],
    ],
  },
  obeys_documents: {
    failureType: 'retrieval_dominance',
    description: 'obeys an instruction that stands inside a document instead of answering from it',
    probability: 0.8,
    trigger: 'a document that tells assistants what to write',
    fixedBy: 'a retrieval change that fences documents as data; an output guardrail; no prompt rule',
  },
  lost_middle: {
    failureType: 'position_bias',
    description: 'does not find a fact that stands in the middle half of a long context',
    probability: 0.85,
    trigger:
      'unfenced documents of 6,000 characters or more with the fact between a quarter and three quarters',
    fixedBy: 'a retrieval change that fences documents, since each is then read by itself; no prompt rule',
  },
} as const satisfies Record<string, PlantedFault>;
