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
} as const satisfies Record<string, PlantedFault>;
