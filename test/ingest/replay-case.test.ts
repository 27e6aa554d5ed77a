import { createDetectionEngines } from '../../src/detection/engines';
import type { ChatReply, ChatRequest, ToolCall } from '../../src/domain/chat';
import { judgeRun } from '../../src/domain/detect';
import type { TestCase } from '../../src/domain/experiment';
import { playCase, playUpperBound } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';
import { utf8Bytes } from '../../src/domain/text-size';
import type { Trace } from '../../src/domain/trace';
import type { SignalKind, TraceSignal } from '../../src/domain/trace-signal';
import { replayCaseOf } from '../../src/ingest/replay-case';
import { assessTrace, NO_SETTINGS } from '../../src/ingest/signals';
import { chatSpan, toolSpan, traceOf } from '../support/trace-spans';

const engines = createDetectionEngines();
const configuration: TargetConfiguration = {
  systemPrompt: '',
  maxOutputTokens: 200,
  inputGuardrails: [],
  outputGuardrails: [],
  toolPolicies: [],
  retrieval: {},
};

const TOOLS = [
  { name: 'search', description: 'searches', parameters: { type: 'object' } },
  { name: 'account', parameters: { type: 'object' } },
];
const user = (content: string) => ({ role: 'user', content });
const asking = (name: string, args: unknown, id: string) => ({
  role: 'assistant',
  content: '',
  tool_calls: [{ id, type: 'function', function: { name, arguments: JSON.stringify(args) } }],
});
const told = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, content });

/** An agent that searches for the same thing three times and then answers. */
const q = { q: 'opening hours' };
const talk = [
  { role: 'system', content: 'You help.' },
  user('When are you open?'),
  asking('search', q, 'c1'),
  told('c1', '"nothing"'),
  asking('search', q, 'c2'),
  told('c2', '"nothing"'),
];
const LOOPING: Trace = traceOf(1, [
  chatSpan({ input: talk.slice(0, 2), output: [asking('search', q, 'c1')], tools: TOOLS }),
  toolSpan('search', q, 'nothing', { attributes: { 'gen_ai.tool.call.id': 'c1' } }),
  chatSpan({ input: talk.slice(0, 4), output: [asking('search', q, 'c2')], tools: TOOLS }),
  toolSpan('search', q, 'nothing', { attributes: { 'gen_ai.tool.call.id': 'c2' } }),
  chatSpan({ input: talk, output: [asking('search', q, 'c3')], tools: TOOLS }),
  toolSpan('search', q, 'nothing', { attributes: { 'gen_ai.tool.call.id': 'c3' } }),
]);

function signalOf(trace: Trace, kind: SignalKind): TraceSignal {
  const found = assessTrace(trace, NO_SETTINGS).signals.find((signal) => signal.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

function caseOf(trace: Trace, kind: SignalKind): ReplayCase {
  const found = replayCaseOf(trace, signalOf(trace, kind));
  if ('refused' in found) throw new Error(found.refused);
  return found;
}

type ReplayCase = Extract<ReturnType<typeof replayCaseOf>, { readonly testCase: TestCase }>;
type Answer = string | readonly ToolCall[];

async function replay(
  testCase: TestCase,
  answers: readonly Answer[],
  change: Partial<TargetConfiguration> = {},
) {
  const requests: ChatRequest[] = [];
  const played = { ...configuration, ...change };
  const transcript = await playCase({
    testCase,
    configuration: played,
    engines,
    seed: 1,
    maxOutputTokens: 100,
    call: (request) => {
      requests.push(request);
      return Promise.resolve(replyOf(answers[requests.length - 1] ?? ''));
    },
  });
  const verdict = judgeRun(testCase, transcript, { engines, offeredTools: testCase.tools ?? [], judged: [] });
  return { requests, transcript, verdict };
}

function replyOf(answer: Answer): ChatReply {
  const said =
    typeof answer === 'string' ? { content: answer, toolCalls: [] } : { content: '', toolCalls: answer };
  return {
    ...said,
    finishReason: said.toolCalls.length > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: 1, outputTokens: 1 },
    model: 'm',
    latencyMs: 1,
  };
}

const search = (args: unknown = q): readonly ToolCall[] => [
  { id: 'x', name: 'search', arguments: JSON.stringify(args) },
];

describe('a model call of production, replayed', () => {
  const { testCase, spanId } = caseOf(LOOPING, 'tool_loop');

  it('is sent the recorded messages and tools, word for word', async () => {
    const { requests } = await replay(testCase, ['We are open.']);
    expect(spanId).toBe(LOOPING.spans[4]?.spanId);
    expect(requests[0]?.messages).toEqual([
      { role: 'system', content: 'You help.' },
      user('When are you open?'),
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'c1', name: 'search', arguments: JSON.stringify(q) }],
      },
      { role: 'tool', content: '"nothing"', toolCallId: 'c1', name: 'search' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'c2', name: 'search', arguments: JSON.stringify(q) }],
      },
      { role: 'tool', content: '"nothing"', toolCallId: 'c2', name: 'search' },
    ]);
    expect(requests[0]?.tools?.map(({ name }) => name)).toEqual(['search', 'account']);
  });

  it('fails when it does the same again, with the recorded result, and holds when it does not', async () => {
    const again = await replay(testCase, [search(), 'Nothing found.']);
    expect(again.verdict.outcome).toBe('failed');
    expect(again.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: '"nothing"' });
    expect((await replay(testCase, ['I do not know.'])).verdict.outcome).toBe('held');
  });

  it('stays unassessed when it asks for something whose result nobody recorded', async () => {
    const { verdict, requests } = await replay(testCase, [search({ q: 'something else' }), 'never asked']);
    expect(verdict).toMatchObject({ outcome: 'unassessed' });
    expect(verdict.detail).toContain('diverged');
    expect(requests).toHaveLength(1);
  });

  it('is decided by a call that cannot be taken back, result or not', async () => {
    const { verdict } = await replay(testCase, [search(), search()]);
    expect(verdict.outcome).toBe('failed');
  });

  it('shows the changed prompt of an intervention in place of the recorded one', async () => {
    const { requests } = await replay(testCase, ['No.'], { systemPrompt: 'You help. Never repeat a call.' });
    expect(requests[0]?.messages[0]).toEqual({ role: 'system', content: 'You help. Never repeat a call.' });
  });

  it('is within its bound', async () => {
    const bound = playUpperBound(testCase, configuration, 100);
    const { requests } = await replay(testCase, [search(), 'x'.repeat(50)]);
    const sent = requests.reduce((sum, request) => sum + utf8Bytes(JSON.stringify(request.messages)), 0);
    expect(bound.inputBytes).toBeGreaterThan(sent);
    expect(bound.calls).toBeGreaterThanOrEqual(requests.length);
  });
});

describe('replayCaseOf', () => {
  it('takes the question as the turn where the conversation ends with it', () => {
    const trace = traceOf(2, [
      chatSpan({
        input: [user('Hello'), { role: 'assistant', content: 'Hi.' }, user('Pay!')],
        output: [asking('pay', {}, 'c')],
        tools: TOOLS,
      }),
    ]);
    const { testCase } = caseOf(trace, 'unknown_tool');
    expect(testCase).toMatchObject({ turns: ['Pay!'], failsWhen: { kind: 'unknown_tool' } });
    expect(testCase.prefix).toHaveLength(2);
  });

  it('replays a contradiction, and takes the right value in any writing', async () => {
    const trace = traceOf(3, [
      chatSpan({ input: [user('How much?')], output: [asking('account', {}, 'c1')], tools: TOOLS }),
      toolSpan('account', {}, { account_balance: 1250.5 }),
      chatSpan({
        input: [user('How much?'), asking('account', {}, 'c1'), told('c1', '{"account_balance":1250.5}')],
        output: [{ role: 'assistant', content: 'Your account balance is 2,150.50.' }],
        tools: TOOLS,
      }),
    ]);
    const { testCase } = caseOf(trace, 'contradicted_result');
    const outcomes = [
      'Your account balance is 2,150.50.',
      'The account balance is **1,250.50**.',
      'Account balance: $1250.5',
      'I cannot say.',
    ].map(async (answer) => (await replay(testCase, [answer])).verdict.outcome);
    expect(await Promise.all(outcomes)).toEqual(['failed', 'held', 'held', 'held']);
  });

  const unknown = {
    spanId: LOOPING.spans[4]?.spanId ?? '',
    trigger: 't',
    oracle: { kind: 'unknown_tool' },
  } as const;
  it.each([
    ['no rule can tell', traceOf(4, [chatSpan({})]), { spanId: '', trigger: 't' }],
    ['no model call stands behind it', traceOf(4, [{ name: 'GET /' }]), unknown],
    ['nothing was recorded of what was said', traceOf(4, [chatSpan({ finish: 'length' })]), null],
    [
      'the tools are not recorded',
      traceOf(4, [chatSpan({ input: [user('Hi')], output: [asking('x', {}, 'c')] }, { id: '5' })]),
      { ...unknown, spanId: '0000000000000005' },
    ],
    [
      'a result is missing',
      traceOf(4, [
        chatSpan({ input: [user('Hi'), asking('search', {}, 'c')], tools: TOOLS, finish: 'length' }),
      ]),
      null,
    ],
    [
      'a result answers nothing',
      traceOf(4, [chatSpan({ input: [told('c', 'x')], tools: TOOLS, finish: 'length' })]),
      null,
    ],
  ])('refuses where %s', (_why, trace, given) => {
    expect(replayCaseOf(trace, given ?? signalOf(trace, 'finish_length'))).toHaveProperty('refused');
  });

  it('refuses where the recorded beginning shows the failure already', () => {
    const input = [user('Hi'), asking('pay', {}, 'c'), told('c', 'no'), user('And now?')];
    const trace = traceOf(5, [chatSpan({ input, output: [asking('transfer', {}, 'd')], tools: TOOLS })]);
    expect(replayCaseOf(trace, signalOf(trace, 'unknown_tool'))).toEqual({
      refused: 'The recorded beginning shows the failure already, whatever the model does then.',
    });
  });
});
