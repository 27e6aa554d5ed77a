import type { PlantedFault } from './planted-fault';

/** Faults of the class deployment. */
export const DEPLOYMENT_FAULTS = {
  waits_in_line: {
    failureType: 'latency_collapse',
    description:
      'handles the requests of one conversation one by one: each waits 60 ms for every one before it, 240 at most',
    probability: 1,
    trigger: 'several requests of one conversation (same seed and first message) at once',
    fixedBy: 'nothing that a configuration can change: it needs other software',
  },
  slow_reader: {
    failureType: 'latency_collapse',
    description: 'takes time that grows with the square of the length of its prompt, 240 ms at most',
    probability: 1,
    trigger: 'a prompt of several thousand characters (60 ms at 4,000, 240 from 8,000 on)',
    fixedBy: 'a retrieval change to fewer documents, where these are what is long; no prompt rule',
  },
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
  tight_quota: {
    failureType: 'rate_limit_exhaustion',
    description: 'turns requests away with a rate limit (429, to be tried again after 100 ms)',
    probability: 1,
    trigger: 'more than four requests of one conversation (same seed and first message) at once',
    fixedBy: 'nothing that a configuration can change: it needs another quota',
  },
  gives_up_all: {
    failureType: 'cascading_failure',
    description:
      'gives up everything when one tool fails: independent steps, what had worked, and later questions',
    probability: 0.9,
    trigger: 'a request for several calls, or a later question, where a tool fails',
    fixedBy: 'a prompt rule to carry out the other parts still when one part fails',
    repairingRule: [
      ['fail', 'fails', 'failed', 'failure', 'error', 'errors'],
      ['part', 'parts', 'step', 'steps', 'tool', 'tools', 'call', 'calls'],
      ['still', 'rest', 'other', 'others', 'remaining', 'continue', 'independent'],
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
