import type { PlantedFault } from './planted-fault';

/** Faults of the class reasoning. */
export const REASONING_FAULTS = {
  takes_sequence_for_cause: {
    failureType: 'spurious_inference',
    description: 'affirms a cause or a conclusion that the facts do not show',
    probability: 0.8,
    trigger: 'a question for a cause, a proof or a conclusion that nothing given states or leads to',
    fixedBy: 'a prompt rule to affirm a conclusion (cause, proof) only where the facts support it',
    repairingRule: [
      ['conclusion', 'conclusions', 'conclude', 'cause', 'causes', 'causation', 'proof'],
      ['facts', 'support', 'supported', 'evidence'],
      ['only', 'unless', 'never', 'not', 'without'],
    ],
  },
  follows_tangents: {
    failureType: 'goal_drift',
    description: 'leaves its task for another one that the user invites to, and does not come back',
    probability: 0.75,
    trigger: 'an invitation to write, play, plan or talk about something else, where a task or goal was set',
    fixedBy: 'a prompt rule to stay with (return to) the task whatever it is invited to',
    repairingRule: [
      ['task', 'tasks', 'goal', 'job'],
      ['stay', 'stick', 'return', 'keep'],
      [
        'whatever',
        'even',
        'tangent',
        'tangents',
        'digression',
        'digressions',
        'invitation',
        'invitations',
        'invited',
        'distraction',
        'distractions',
        'topic',
        'topics',
      ],
    ],
  },
  changes_its_mind: {
    failureType: 'contradiction_loop',
    description: 'answers a question that it has answered before with the contrary, or with other figures',
    probability: 0.7,
    trigger: 'a question that an earlier turn asked already, in the same or other words',
    fixedBy: 'a prompt rule to keep answers the same as (consistent with) earlier ones',
    repairingRule: [
      ['earlier', 'previous', 'before'],
      ['answer', 'answers', 'said'],
      ['compare', 'consistent', 'same', 'check', 'contradict'],
    ],
  },
  mixes_subjects: {
    failureType: 'context_collapse',
    description: 'states of one thing what was said of another of its kind',
    probability: 0.85,
    trigger: 'two things described in much the same words, and a question about one of them',
    fixedBy: 'a prompt rule to keep facts of different subjects apart',
    repairingRule: [
      ['apart', 'separate', 'separately', 'distinct'],
      ['facts', 'persons', 'people', 'orders', 'objects', 'subjects', 'customers', 'topics', 'details'],
      ['keep', 'never', 'mix', 'confuse', 'check'],
    ],
  },
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
