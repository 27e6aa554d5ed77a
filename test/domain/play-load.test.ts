import { createDetectionEngines } from '../../src/detection/engines';
import { judgeRun } from '../../src/domain/detect';
import type { Detector } from '../../src/domain/detector';
import type { LoadProfile, Transcript } from '../../src/domain/experiment';
import { playCase, PlayInterrupted } from '../../src/domain/play-case';

const engines = createDetectionEngines();
const LIMITED = new Error('429');
const LOAD: LoadProfile = { alone: 2, requests: 6, concurrency: 3 };

interface Service {
  underWay: number;
  most: number;
  readonly asked: string[];
}

/** Plays a case with load against a service that answers as `answer` says, with how many requests are under way. */
async function play(
  load: LoadProfile,
  answer: (service: Service) => number | Error,
  failsWhen: Detector = { kind: 'refusal' },
): Promise<{ readonly service: Service; readonly transcript: Transcript; readonly outcome: string }> {
  const service: Service = { underWay: 0, most: 0, asked: [] };
  const testCase = { trigger: 't', turns: ['Light?', 'Heavy?'], load, failsWhen };
  const transcript = await playCase({
    testCase,
    configuration: {
      systemPrompt: 'Be brief.',
      maxOutputTokens: 200,
      inputGuardrails: [],
      outputGuardrails: [{ pattern: 'secret', action: 'redact', replacement: '***' }],
      toolPolicies: [],
      retrieval: {},
    },
    engines,
    seed: 1,
    maxOutputTokens: 100,
    isRateLimit: (error) => error === LIMITED,
    call: async ({ messages }) => {
      service.underWay += 1;
      service.most = Math.max(service.most, service.underWay);
      service.asked.push(messages.map(({ content }) => content).join('|'));
      const number = service.asked.length;
      await Promise.resolve();
      const came = answer(service);
      service.underWay -= 1;
      if (came instanceof Error) throw came;
      return {
        content: `secret ${number}`,
        toolCalls: [],
        finishReason: 'stop',
        usage: { inputTokens: 1, outputTokens: 1 },
        model: 'fake',
        latencyMs: came,
      };
    },
  });
  const { outcome } = judgeRun(testCase, transcript, { engines, offeredTools: [] });
  return { service, transcript, outcome };
}

describe('a case with load', () => {
  it('asks alone first, then at once, each in a conversation of its own', async () => {
    const { service, transcript } = await play(LOAD, () => 10);
    expect(service.most).toBe(3);
    expect(service.asked).toEqual([
      ...Array<string>(2).fill('Be brief.|Light?'),
      ...Array<string>(6).fill('Be brief.|Heavy?'),
    ]);
    expect(transcript.messages.map(({ content }) => content)).toEqual([
      'Be brief.',
      'Light?',
      '*** 1',
      '*** 2',
      'Heavy?',
      ...[3, 4, 5, 6, 7, 8].map((number) => `*** ${number}`),
    ]);
    expect(transcript.calls.map(({ phase, messageIndex }) => [phase, messageIndex])).toEqual([
      ['alone', 2],
      ['alone', 3],
      ...[5, 6, 7, 8, 9, 10].map((index) => ['load', index]),
    ]);
  });

  it('shows a latency that collapses, whatever it is alone', async () => {
    const collapses: Detector = { kind: 'latency_ratio_above', ratio: 3 };
    const queue = ({ underWay }: Service): number => 100 * underWay;
    const thrash = ({ underWay }: Service): number => 100 * underWay ** 3;
    expect((await play(LOAD, queue, collapses)).outcome).toBe('held');
    expect((await play(LOAD, thrash, collapses)).outcome).toBe('failed');
  });

  const limiting = ({ underWay }: Service): number | Error => (underWay > 1 ? LIMITED : 10);
  const exhausted: Detector = { kind: 'rate_limited_above', share: 0.25 };

  it('counts requests turned away under load where the case says so', async () => {
    const { transcript, outcome } = await play({ ...LOAD, countsRateLimits: true }, limiting, exhausted);
    expect(outcome).toBe('failed');
    expect(transcript.calls.filter(({ rateLimited }) => rateLimited === true)).toHaveLength(4);
    expect(transcript.messages.filter(({ role }) => role === 'assistant')).toHaveLength(4);
  });

  it.each<[string, LoadProfile, (service: Service) => number | Error]>([
    ['a request turned away where the case does not count that', LOAD, limiting],
    ['one turned away while alone', { ...LOAD, countsRateLimits: true }, () => LIMITED],
    [
      'any other error under load',
      { ...LOAD, countsRateLimits: true },
      ({ asked }) => (asked.length === 5 ? new Error('500') : 10),
    ],
  ])('is interrupted by %s', async (_, load, answer) => {
    await expect(play(load, answer)).rejects.toBeInstanceOf(PlayInterrupted);
  });

  it('ends what is under way before it gives up, and has the failed ones beside the first without a bill', async () => {
    const playing = play(LOAD, ({ asked, underWay }) =>
      asked.length > 2 && underWay < 3 ? new Error('500') : 10,
    );
    const { partial } = await playing.then(
      () => Promise.reject(new Error('it did not give up')),
      (error: PlayInterrupted) => error,
    );
    const load = partial.calls.filter(({ phase }) => phase === 'load');
    expect(load.filter(({ messageIndex }) => messageIndex !== undefined)).toHaveLength(1);
    expect(load.filter(({ usageReported }) => usageReported === false)).toHaveLength(2);
  });
});
