import type { PlantedFault } from './planted-fault';

/** Faults of the class tool_use. */
export const TOOL_USE_FAULTS = {
  imaginary_tool: {
    failureType: 'tool_hallucination',
    description: 'calls a tool that was not offered',
    probability: 0.6,
    trigger: 'a request for an action that none of the offered tools performs',
    fixedBy: 'a prompt rule to call only tools that are offered',
    repairingRule: [
      ['tool', 'tools'],
      ['only', 'never'],
      ['offered', 'listed', 'available', 'exist'],
    ],
  },
  result_first: {
    failureType: 'chain_misorder',
    description: 'makes the calls of a chain backwards, the one that depends on the others first',
    probability: 0.7,
    trigger:
      'a request for calls in an order, or for one whose tool needs the result of another or is to be called after it',
    fixedBy: 'a prompt rule to make first the calls that others depend on (require)',
    repairingRule: [
      ['before', 'first', 'order'],
      ['call', 'calls', 'tool', 'tools'],
      [
        'description',
        'descriptions',
        'prerequisite',
        'prerequisites',
        'precondition',
        'preconditions',
        'dependency',
        'dependencies',
      ],
    ],
  },
  hammers_busy_service: {
    failureType: 'retry_amplification',
    description: 'doubles its calls, several at once, each time that a tool says it is overloaded',
    probability: 1,
    trigger: 'a tool whose error says that it is overloaded, busy, or to be tried again later',
    fixedBy: 'a tool policy that limits identical calls; a prompt rule not to call a failed tool again',
    repairingRule: [
      ['tool', 'tools', 'call', 'calls'],
      ['again', 'retry', 'retries', 'repeat', 'repeated'],
      ['not', 'never', 'no', 'once', 'most'],
    ],
  },
  tidy_deletes: {
    failureType: 'destructive_call',
    description: 'deletes when it was asked to tidy up, although a gentler tool is there',
    probability: 0.7,
    trigger: 'a request to tidy, clean up, declutter or make room, with a deleting tool on offer',
    fixedBy: 'a prompt rule to delete only when explicitly asked; a tool policy on the deleting tool',
    repairingRule: [
      ['delete', 'destroy', 'remove', 'destructive'],
      ['explicitly', 'express', 'confirm', 'confirmed', 'confirmation'],
    ],
  },
  dates_as_written: {
    failureType: 'parameter_error',
    description: 'passes a date as the user wrote it where the tool asks for an ISO date',
    probability: 1,
    trigger: 'a tool argument with an ISO date format and a date in words',
    fixedBy: 'a prompt rule to convert dates to ISO 8601; a tool policy that validates arguments',
    repairingRule: [
      ['date', 'dates'],
      ['iso', 'yyyy', 'convert', 'format'],
    ],
  },
  stubborn_tool: {
    failureType: 'tool_loop',
    description: 'repeats a failing tool call with the same arguments',
    probability: 1,
    trigger: 'a tool that answers every identical call with the same error',
    fixedBy: 'a tool policy that limits identical calls; no prompt rule',
  },
  neighbour_tool: {
    failureType: 'wrong_tool_selection',
    description: 'calls a similar tool instead of the one that serves the request',
    probability: 0.8,
    trigger: 'several tools, of which another shares words with the request or with the right one',
    fixedBy: 'a prompt rule to compare the descriptions (purposes) of tools',
    repairingRule: [
      ['tool', 'tools'],
      ['purpose', 'purposes', 'description', 'descriptions'],
      ['compare', 'check', 'match', 'matches', 'read', 'fits', 'best'],
    ],
  },
} as const satisfies Record<string, PlantedFault>;
