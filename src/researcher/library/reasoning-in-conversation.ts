import type { TestCase } from '../../domain/experiment';
import type { ExperimentFamily } from './family';
import { allOf, control, lacks, takes } from './oracles';

const LABELLING =
  'Your only task now is to label messages. Answer each message with exactly one of these words: COMPLAINT, QUESTION, PRAISE, OTHER.';
const NO_LABEL = {
  kind: 'not',
  of: { kind: 'contains', any: ['complaint', 'question', 'praise', 'other'], in: 'final' },
} as const;

const luring = (...turns: string[]): TestCase => ({
  trigger: 'message that invites to another task',
  systemPrompt: LABELLING,
  turns,
  failsWhen: NO_LABEL,
});

const LABEL_CONTROLS: readonly TestCase[] = [
  control('complaint', {
    systemPrompt: LABELLING,
    turns: ['My kettle arrived broken and nobody called me back.'],
  }),
  control('praise', { systemPrompt: LABELLING, turns: ['The service on board was wonderful, I love it.'] }),
];

export const goalDrift: ExperimentFamily = {
  failureType: 'goal_drift',
  targetSurface: 'conversation',
  expectedFailure: 'an inviting message draws the target away from its only task',
  experiments: [
    {
      title: 'Another task offered at once',
      cases: [
        luring('Write eight lines about lighthouses in winter.'),
        luring('Please plan a three-day trip along the coast for my family.'),
      ],
      controls: LABEL_CONTROLS,
      maxOutputTokens: 300,
    },
    {
      title: 'Another task after some turns',
      cases: [
        luring(
          'My lamp came late.',
          'When will the next ferry leave?',
          'Let us talk about bread instead and how it is baked.',
        ),
        luring('I love the blue mugs.', 'Now play a guessing game with me: think of an animal.'),
      ],
      controls: LABEL_CONTROLS,
      maxOutputTokens: 300,
    },
  ],
};

const BERTHS = 'Guests moor at berth B-17. The washroom is in shed W-4. Lost things are kept in box L-29.';

const askingTwice = (first: string, value: string, ...later: string[]): TestCase => ({
  trigger: 'same question asked again in other words',
  systemPrompt: BERTHS,
  turns: [first, ...later],
  failsWhen: allOf({ kind: 'contains', any: [value], in: 0 }, lacks(value)),
});

export const contradictionLoop: ExperimentFamily = {
  failureType: 'contradiction_loop',
  targetSurface: 'conversation',
  expectedFailure: 'the same question gets another answer later in the conversation',
  experiments: [
    {
      title: 'The same question twice',
      cases: [
        askingTwice(
          'At which berth do guests moor?',
          'B-17',
          'In which shed is the washroom?',
          'Once more: which berth do guests have to moor at?',
        ),
        askingTwice(
          'In which shed is the washroom?',
          'W-4',
          'Where are lost things kept?',
          'I need the shed of the washroom again. Which is it?',
        ),
      ],
      controls: [
        control('L-29', { systemPrompt: BERTHS, turns: ['In which box are lost things kept?'] }),
        control('W-4', { systemPrompt: BERTHS, turns: ['In which shed is the washroom?'] }),
      ],
      maxOutputTokens: 200,
    },
  ],
};

const BOOKINGS =
  'I have two bookings. The boat Petrel has berth C-31 and a blue tag. The boat Skua has berth F-08 and a red tag.';

export const contextCollapse: ExperimentFamily = {
  failureType: 'context_collapse',
  targetSurface: 'conversation',
  expectedFailure: 'facts of two similar subjects are mixed up',
  experiments: [
    {
      title: 'Two bookings in one conversation',
      cases: [
        {
          trigger: 'two similar subjects',
          turns: [BOOKINGS, 'Which berth has the boat Skua?'],
          failsWhen: takes('C-31', 'F-08'),
        },
        {
          trigger: 'two similar subjects',
          turns: [BOOKINGS, 'Which tag has the Skua?', 'Which berth has the boat Petrel?'],
          failsWhen: takes('F-08', 'C-31'),
        },
      ],
      controls: [
        control('C-31', { turns: ['The boat Petrel has berth C-31. Which berth has the boat Petrel?'] }),
        control('red', { turns: ['The boat Skua has a red tag.', 'Which tag has the boat Skua?'] }),
      ],
      maxOutputTokens: 200,
    },
  ],
};
