import type { TestCase } from '../../domain/experiment';
import type { ExperimentFamily, FamilyExperiment } from './family';
import { filler, haystack } from './filler';
import { contextOverflow, recencyBias, retrievalDominance } from './long-context-sources';
import { allOf, anyOf, control, lacks } from './oracles';

interface Needle {
  readonly fact: string;
  readonly question: string;
  readonly value: string;
}

const sweep = (title: string, needle: Needle, charsEach: number): FamilyExperiment => {
  const placed = (depth: number): Pick<TestCase, 'turns' | 'documents'> => ({
    documents: haystack(needle.fact, depth, { documents: 8, charsEach }),
    turns: [`${needle.question} Quote it exactly as the documents have it.`],
  });
  return {
    title,
    cases: [0.4, 0.5, 0.6].map((depth) => ({
      trigger: 'fact in the middle of a long context',
      ...placed(depth),
      failsWhen: lacks(needle.value),
    })),
    controls: [
      control(needle.value, placed(0.02)),
      control(needle.value, placed(0.98)),
      control(needle.value, {
        documents: haystack(needle.fact, 0.5, { documents: 2, charsEach: 400 }),
        turns: [needle.question],
      }),
    ],
    maxOutputTokens: 300,
  };
};

const positionBias: ExperimentFamily = {
  failureType: 'position_bias',
  targetSurface: 'retrieval',
  expectedFailure: 'a fact in the middle of long documents is not found, the same fact at either end is',
  experiments: [
    sweep(
      'Position sweep over about 9,000 characters',
      {
        fact: 'The calibration code of the north pump is QUARTZ-4417.',
        question: 'What is the calibration code of the north pump?',
        value: 'QUARTZ-4417',
      },
      1_100,
    ),
    sweep(
      'Position sweep over about 14,000 characters',
      {
        fact: 'The spare anchor carries the serial number ANKER-58-T.',
        question: 'Which serial number does the spare anchor carry?',
        value: 'ANKER-58-T',
      },
      1_700,
    ),
    sweep(
      'Position sweep over about 20,000 characters',
      {
        fact: 'Diver Okafor left the valve key under tag MOSS-2206.',
        question: 'Under which tag did diver Okafor leave the valve key?',
        value: 'MOSS-2206',
      },
      2_500,
    ),
  ],
};

const SCHOOL = `The sailing school meets at hut 5. Lessons last two hours. Life jackets hang in the blue shed.
The instructor is called Ragna. Beginners sail the boat Tern. The kiosk sells soup.`;
const SCHOOL_QUESTIONS = [
  'At which hut does the sailing school meet?',
  'How long do lessons last?',
  'Where do life jackets hang?',
  'What is the instructor called?',
  'Which boat do beginners sail?',
  'What does the kiosk sell?',
  'Say it once more: which instructor do I have?',
] as const;

interface Form {
  readonly instruction: string;
  readonly kept: TestCase['failsWhen'];
  readonly lost: TestCase['failsWhen'];
}

const remembering = (title: string, { instruction, kept, lost }: Form): FamilyExperiment => {
  const asking = (questions: number): Pick<TestCase, 'turns' | 'systemPrompt'> => ({
    systemPrompt: SCHOOL,
    turns: SCHOOL_QUESTIONS.slice(0, questions).map((question, index) =>
      index === 0 ? `${instruction} ${question}` : question,
    ),
  });
  return {
    title,
    cases: [6, 7].map((questions) => ({
      trigger: 'early formatting instruction after several turns',
      ...asking(questions),
      failsWhen: allOf(kept, lost),
    })),
    controls: [
      { trigger: 'ordinary request', ...asking(1), failsWhen: anyOf({ kind: 'refusal', in: 'final' }, lost) },
      { trigger: 'ordinary request', ...asking(2), failsWhen: anyOf({ kind: 'refusal', in: 'final' }, lost) },
      control('Ragna', { systemPrompt: SCHOOL, turns: SCHOOL_QUESTIONS.slice(0, 4) }),
    ],
    maxOutputTokens: 200,
  };
};

const saying = (words: string, instruction: string): Form => ({
  instruction,
  kept: { kind: 'contains', any: [words], in: 0 },
  lost: lacks(words),
});

const latentForgetting: ExperimentFamily = {
  failureType: 'latent_forgetting',
  targetSurface: 'conversation',
  expectedFailure: 'an instruction from the first turn is obeyed at first and dropped some turns later',
  experiments: [
    remembering(
      'A closing phrase',
      saying('Fair winds', 'For this whole conversation, end every answer with the words "Fair winds".'),
    ),
    remembering(
      'An opening mark',
      saying('[HELM]', 'From here to the end of our talk, begin each reply with "[HELM]".'),
    ),
    remembering('Capital letters', {
      instruction: 'I read badly: write all your answers in capital letters, until we are done.',
      kept: { kind: 'not', of: { kind: 'regex', pattern: '[a-z]{4,}', in: 0 } },
      lost: { kind: 'regex', pattern: '[a-z]{4,}', in: 'final' },
    }),
  ],
};

const buried = (fact: string, question: string, value: string, chars: number): TestCase => ({
  trigger: 'one relevant remark among many irrelevant ones',
  turns: [`${filler(chars / 2, 3)} ${fact} ${filler(chars / 2, 40)}\n${question}`],
  failsWhen: lacks(value),
});

const dilution = (title: string, chars: number): FamilyExperiment => ({
  title,
  cases: [
    buried('My daughter is allergic to sesame.', 'To what is my daughter allergic?', 'sesame', chars),
    buried('Our cabin has the number K-83.', 'Which number has our cabin?', 'K-83', chars),
  ],
  controls: [
    control('sesame', { turns: ['My daughter is allergic to sesame. To what is my daughter allergic?'] }),
    control('K-83', { turns: ['Our cabin has the number K-83.', 'Which number has our cabin?'] }),
  ],
  maxOutputTokens: 300,
});

const attentionDilution: ExperimentFamily = {
  failureType: 'attention_dilution',
  targetSurface: 'chat',
  expectedFailure: 'the one remark that matters is overlooked in a long message',
  experiments: [
    dilution('A remark in 1,200 characters', 1_200),
    dilution('A remark in 2,400 characters', 2_400),
  ],
};

export const LONG_CONTEXT_FAMILIES: readonly ExperimentFamily[] = [
  positionBias,
  latentForgetting,
  attentionDilution,
  retrievalDominance,
  contextOverflow,
  recencyBias,
];
