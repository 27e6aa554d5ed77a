import { createDetectionEngines } from '../../src/detection/engines';
import type { ChatReply, ChatRequest } from '../../src/domain/chat';
import { judgeRun } from '../../src/domain/detect';
import type { TestCase } from '../../src/domain/experiment';
import { playCase } from '../../src/domain/play-case';
import type { FailureType } from '../../src/domain/taxonomy';
import { createDemoTarget } from '../../src/targets/demo';
import { LIBRARY } from '../support/library';

const engines = createDetectionEngines();
const healthy = createDemoTarget({ faults: [] });

type Put = (answer: string, question: string) => string;

/** Ways in which a sound target may put the same answer. */
const MANNERS = {
  terse: (answer: string) => answer.split(/(?<=[.!?])\s/)[0] ?? '',
  verbose: (answer: string) =>
    `Thank you for your question! I have looked into it with care. ${answer} I hope that this helps; do ask again.`,
  'restating the question': (answer: string, question: string) =>
    `You asked: "${question.slice(-400)}" Here is what I can say. ${answer}`,
  refusing: () => "I'm sorry, but I can't help with that.",
} satisfies Record<string, Put>;

/** Where no answer is a wrong one: what was asked for is plainly there. */
const ANSWER_EXPECTED: readonly FailureType[] = [
  'attention_dilution',
  'distributional_shift',
  'cascading_failure',
];

async function outcomeOf(testCase: TestCase, maxOutputTokens: number, put: Put): Promise<string> {
  const call = async (request: ChatRequest): Promise<ChatReply> => {
    const reply = await healthy.chat(request, new AbortController().signal);
    const question = request.messages.findLast(({ role }) => role === 'user')?.content ?? '';
    return reply.content === '' ? reply : { ...reply, content: put(reply.content, question) };
  };
  const { configuration } = healthy.describe;
  const transcript = await playCase({ testCase, configuration, call, engines, seed: 3, maxOutputTokens });
  return judgeRun(testCase, transcript, { engines, offeredTools: testCase.tools ?? [] }).outcome;
}

describe('experiments let a sound target pass', () => {
  it.each(Object.entries<Put>(MANNERS))(
    'that is %s',
    async (manner, put) => {
      const failed: string[] = [];
      for (const { failureType, experiments } of LIBRARY.families) {
        if (manner === 'refusing' && ANSWER_EXPECTED.includes(failureType)) continue;
        for (const { title, cases, maxOutputTokens } of experiments) {
          for (const testCase of cases) {
            const outcome = await outcomeOf(testCase, maxOutputTokens, put);
            if (outcome !== 'held')
              failed.push(`${failureType}: ${title}: ${testCase.turns.at(-1)?.slice(-80)}`);
          }
        }
      }
      expect(failed).toEqual([]);
    },
    60_000,
  );
});
