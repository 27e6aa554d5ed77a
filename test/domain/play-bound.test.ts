import * as fc from 'fast-check';
import { createDetectionEngines } from '../../src/detection/engines';
import type { ChatMessage, ChatReply, ChatRequest, ToolCall } from '../../src/domain/chat';
import type { TestCase } from '../../src/domain/experiment';
import { playCase, playUpperBound } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';

const engines = createDetectionEngines();
const bytes = (text: string) => Buffer.byteLength(text);

/** What the most wasteful tokenizer makes of a request: a token a byte, and some around each message. */
function tokensOf({ messages, tools }: ChatRequest): number {
  const shown = tools === undefined ? 0 : bytes(JSON.stringify(tools)) + 400;
  return messages.reduce((sum, message) => sum + 8 + bytesOf(message), shown);
}

function bytesOf(message: ChatMessage): number {
  const { content } = message;
  if (message.role === 'tool') return bytes(content) + bytes(message.toolCallId) + bytes(message.name);
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  return calls.reduce(
    (sum, call) => sum + bytes(call.id) + bytes(call.name) + bytes(call.arguments),
    bytes(content),
  );
}

const text = fc.string({
  unit: fc.oneof(fc.constantFrom('a', 'é', '😀', '\0', '"'), fc.string({ maxLength: 1 })),
  maxLength: 60,
});
const longText = fc.oneof(text, fc.constantFrom('a'.repeat(5_000), '漢'.repeat(3_000)));
const rule = fc.record({
  pattern: fc.constantFrom('a', 'zzz', 'é+', '.'),
  action: fc.constantFrom('block' as const, 'redact' as const),
  replacement: longText,
});
const tool = fc.record({
  name: fc.constantFrom('find', 'delete'),
  description: text,
  parameters: fc.constant({ type: 'object' }),
  results: fc.array(longText, { maxLength: 2 }),
});
const adaptiveTurn = fc.record(
  {
    when: fc.constantFrom({ kind: 'contains', any: ['a'] } as const, { kind: 'refusal' } as const),
    say: longText.map((said) => `{{answer}}${said}{{answer}}`),
    otherwise: longText,
  },
  { requiredKeys: ['say'] },
);
const load = fc.record({
  alone: fc.integer({ min: 1, max: 3 }),
  requests: fc.integer({ min: 1, max: 9 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
});
const testCase: fc.Arbitrary<TestCase> = fc
  .tuple(
    fc.record({
      trigger: fc.constant('t'),
      systemPrompt: text,
      turns: fc.array(longText, { minLength: 1, maxLength: 4 }),
      tools: fc.array(tool, { maxLength: 2 }),
      documents: fc.array(fc.record({ title: text, text: longText }), { maxLength: 2 }),
      failsWhen: fc.constant({ kind: 'refusal' } as const),
      adaptiveTurns: fc.array(adaptiveTurn, { maxLength: 3 }),
    }),
    fc.option(load, { nil: undefined }),
  )
  .map(([plain, profile]) => (profile === undefined ? plain : { ...plain, load: profile }));
const configuration: fc.Arbitrary<TargetConfiguration> = fc.record({
  systemPrompt: text,
  maxOutputTokens: fc.integer({ min: 1, max: 400 }),
  inputGuardrails: fc.array(rule, { maxLength: 2 }),
  outputGuardrails: fc.array(rule, { maxLength: 2 }),
  toolPolicies: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('deny' as const), tool: fc.constant('delete'), message: longText }),
      fc.record({ kind: fc.constant('max_identical_calls' as const), times: fc.nat(3), message: text }),
    ),
    { maxLength: 2 },
  ),
  retrieval: fc.record({ maxDocuments: fc.nat(3), fenced: fc.boolean() }),
});
const call: fc.Arbitrary<ToolCall> = fc.record({
  id: longText,
  name: fc.oneof(fc.constantFrom('find', 'delete'), longText),
  arguments: longText,
});
const reply = fc.record({
  content: longText,
  toolCalls: fc.array(call, { maxLength: 12 }),
  outputShare: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('playUpperBound', () => {
  it('is never exceeded, whatever the case, the configuration and the replies', async () => {
    await fc.assert(
      fc.asyncProperty(
        testCase,
        configuration,
        fc.array(reply, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 8 }),
        async (stimulus, settings, replies, maxOutputTokens, maxToolSteps) => {
          let calls = 0;
          const chat = (request: ChatRequest): Promise<ChatReply> => {
            const { content = '', toolCalls = [], outputShare = 0 } = replies[calls % replies.length] ?? {};
            calls += 1;
            const outputTokens = Math.floor(request.maxOutputTokens * outputShare);
            const usage = { inputTokens: tokensOf(request), outputTokens };
            return Promise.resolve({
              content,
              toolCalls,
              finishReason: 'stop',
              usage,
              model: 'fake',
              latencyMs: 1,
            });
          };
          const input = {
            testCase: stimulus,
            configuration: settings,
            engines,
            seed: 1,
            maxOutputTokens,
            maxToolSteps,
          };
          const transcript = await playCase({ ...input, call: chat });
          const bound = playUpperBound(stimulus, settings, maxOutputTokens, maxToolSteps);
          const used = transcript.calls.map(({ usage }) => usage);
          expect(transcript.calls.length).toBeLessThanOrEqual(bound.calls);
          expect(used.reduce((sum, { inputTokens }) => sum + inputTokens, 0)).toBeLessThanOrEqual(
            bound.inputBytes,
          );
          expect(used.reduce((sum, { outputTokens }) => sum + outputTokens, 0)).toBeLessThanOrEqual(
            bound.outputTokens,
          );
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  const settings: TargetConfiguration = {
    systemPrompt: 'x'.repeat(100),
    maxOutputTokens: 50,
    inputGuardrails: [],
    outputGuardrails: [],
    toolPolicies: [],
    retrieval: {},
  };
  const failsWhen = { kind: 'refusal' } as const;

  it('counts a call a turn without tools, and the history in every later call', () => {
    const turns = ['y'.repeat(20), 'y'.repeat(20), 'y'.repeat(20)];
    const opening = 64 + 100;
    const turn = 64 + 20;
    const answer = 64 + 6 * 50;
    expect(playUpperBound({ trigger: 't', turns, failsWhen }, settings, 200)).toEqual({
      calls: 3,
      outputTokens: 150,
      inputBytes: 3 * opening + (1 + 2 + 3) * turn + (0 + 1 + 2) * answer,
    });
  });

  it('counts every adaptive turn at its longest, with what it quotes', () => {
    const adaptiveTurns = [{ when: failsWhen, say: 'abc', otherwise: 'a {{answer}}' }];
    expect(playUpperBound({ trigger: 't', turns: ['y'], adaptiveTurns, failsWhen }, settings, 200)).toEqual({
      calls: 2,
      outputTokens: 100,
      inputBytes: 2 * (64 + 100) + 2 * (64 + 1) + (64 + 6 * 50) + (64 + 2 + 1_000),
    });
  });

  it('counts every request of a load, and no history', () => {
    const profile = { alone: 2, requests: 10, concurrency: 5 };
    const stimulus = { trigger: 't', turns: ['y', 'yy'], load: profile, failsWhen };
    const bound = playUpperBound(stimulus, settings, 200);
    expect(bound).toEqual({ calls: 12, outputTokens: 600, inputBytes: 12 * 164 + 2 * 65 + 10 * 66 });
  });

  it('counts eight calls a turn with tools', () => {
    const tools = [{ name: 'find', description: '', parameters: {}, results: ['r'] }];
    const bound = playUpperBound({ trigger: 't', turns: ['a', 'b'], tools, failsWhen }, settings, 200);
    expect(bound).toMatchObject({ calls: 16, outputTokens: 800 });
  });
});
