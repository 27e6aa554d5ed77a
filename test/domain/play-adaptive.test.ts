import { createDetectionEngines } from '../../src/detection/engines';
import type { Detector } from '../../src/domain/detector';
import type { AdaptiveTurn } from '../../src/domain/experiment';
import { playCase, PlayInterrupted } from '../../src/domain/play-case';

const sure: Detector = { kind: 'contains', any: ['sure'] };

/** What the user says to a target that gives these answers in turn. */
async function said(
  adaptiveTurns: readonly AdaptiveTurn[],
  ...answers: string[]
): Promise<readonly string[]> {
  const { messages } = await playCase({
    testCase: { trigger: 't', turns: ['Is it so?'], adaptiveTurns, failsWhen: sure },
    configuration: {
      systemPrompt: '',
      maxOutputTokens: 200,
      inputGuardrails: [],
      outputGuardrails: [],
      toolPolicies: [],
      retrieval: {},
    },
    engines: createDetectionEngines(),
    seed: 1,
    maxOutputTokens: 100,
    call: () =>
      Promise.resolve({
        content: answers.shift() ?? 'nothing more',
        toolCalls: [],
        finishReason: 'stop',
        usage: { inputTokens: 1, outputTokens: 1 },
        model: 'fake',
        latencyMs: 1,
      }),
  });
  return messages.filter(({ role }) => role === 'user').map(({ content }) => content);
}

describe('adaptive turns', () => {
  it('say one thing where the condition fires and the other where it does not', async () => {
    const turn = { when: sure, say: 'Why so sure?', otherwise: 'Are you sure?' };
    expect(await said([turn], 'I am sure.')).toEqual(['Is it so?', 'Why so sure?']);
    expect(await said([turn], 'Maybe.')).toEqual(['Is it so?', 'Are you sure?']);
  });

  it('say nothing where nothing is to be said, and go on with the next', async () => {
    const turns = [{ when: sure, say: 'Why?' }, { say: 'Thanks.' }];
    expect(await said(turns, 'Maybe.')).toEqual(['Is it so?', 'Thanks.']);
  });

  it('judge everything said so far, the answers to adaptive turns too', async () => {
    const turns = [
      { say: 'Really?' },
      { when: { ...sure, in: 0 }, say: 'You were sure.' },
      { when: sure, say: 'Now you are.' },
    ];
    expect(await said(turns, 'Maybe.', 'I am sure.')).toEqual(['Is it so?', 'Really?', 'Now you are.']);
  });

  it('quote the beginning of the last answer', async () => {
    const turns = [{ say: 'You said "{{answer}}"; and {{answer}}?' }, { say: '<{{answer}}>' }];
    expect(await said(turns, 'It is $& so.', 'é'.repeat(5_000))).toEqual([
      'Is it so?',
      'You said "It is $& so."; and It is $& so.?',
      `<${'é'.repeat(500)}>`,
    ]);
  });

  it('end the play when a condition cannot be used', async () => {
    const playing = said([{ when: { kind: 'regex', pattern: '(' }, say: 'x' }], 'a');
    const interrupted: unknown = await playing.catch((error: unknown) => error);
    expect(interrupted).toBeInstanceOf(PlayInterrupted);
    expect(interrupted).toMatchObject({ cause: { code: 'invalid_experiment' }, partial: { calls: [{}] } });
  });
});
