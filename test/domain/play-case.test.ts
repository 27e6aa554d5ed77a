import { createDetectionEngines } from '../../src/detection/engines';
import type { ChatMessage, ChatReply, ChatRequest, ToolCall } from '../../src/domain/chat';
import type { SimulatedTool, TestCase } from '../../src/domain/experiment';
import { playCase, PlayInterrupted } from '../../src/domain/play-case';
import { FENCE_NOTICE } from '../../src/domain/shown-documents';
import type { TargetConfiguration } from '../../src/domain/target';
import { assistant, toolCall } from '../support/transcript';

const engines = createDetectionEngines();
const plain: TargetConfiguration = {
  systemPrompt: 'Be brief.',
  maxOutputTokens: 200,
  inputGuardrails: [],
  outputGuardrails: [],
  toolPolicies: [],
  retrieval: {},
};
const failsWhen = { kind: 'refusal' } as const;
const find: SimulatedTool = {
  name: 'find',
  description: 'finds',
  parameters: { type: 'object' },
  results: ['first', 'second'],
  destructive: false,
};

type Answer = string | { readonly content?: string; readonly toolCalls: readonly ToolCall[] };

/** Plays a case against a target that gives these answers in turn, the last one for ever. */
async function play(
  testCase: Partial<TestCase>,
  answers: readonly Answer[],
  change: Partial<TargetConfiguration> = {},
) {
  const requests: ChatRequest[] = [];
  const transcript = await playCase({
    testCase: { trigger: 't', turns: ['Hi'], failsWhen, ...testCase },
    configuration: { ...plain, ...change },
    engines,
    seed: 7,
    maxOutputTokens: 100,
    call: (request) => {
      requests.push(request);
      return Promise.resolve(replyOf(answers[Math.min(requests.length, answers.length) - 1] ?? ''));
    },
  });
  return { transcript, requests, messages: transcript.messages };
}

function replyOf(answer: Answer): ChatReply {
  const { content = '', toolCalls } =
    typeof answer === 'string' ? { content: answer, toolCalls: [] } : answer;
  return {
    content,
    toolCalls,
    finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: 5, outputTokens: 3 },
    model: 'fake',
    latencyMs: 12,
  };
}

const system: ChatMessage = { role: 'system', content: 'Be brief.' };
const user = (content: string): ChatMessage => ({ role: 'user', content });
const rolesOf = (messages: readonly ChatMessage[]) => messages.map(({ role }) => role);

describe('playCase', () => {
  it('says turn after turn and records everything with its figures', async () => {
    const { requests, transcript } = await play(
      { turns: ['Hi', 'Bye'], systemPrompt: 'Case.' },
      ['Hello', 'So long'],
      {
        temperature: 0.5,
      },
    );
    const opening: ChatMessage = { role: 'system', content: 'Be brief.\n\nCase.' };
    const first = [opening, user('Hi')];
    expect(requests).toEqual([
      { messages: first, maxOutputTokens: 100, seed: 7, temperature: 0.5 },
      {
        messages: [...first, assistant('Hello'), user('Bye')],
        maxOutputTokens: 100,
        seed: 7,
        temperature: 0.5,
      },
    ]);
    expect(transcript.messages).toEqual([...first, assistant('Hello'), user('Bye'), assistant('So long')]);
    expect(transcript.calls).toEqual(
      [2, 4].map((messageIndex) => ({
        model: 'fake',
        finishReason: 'stop',
        usage: { inputTokens: 5, outputTokens: 3 },
        latencyMs: 12,
        messageIndex,
      })),
    );
  });

  it('has no system message when there is nothing to say in it, and takes the lower output limit', async () => {
    const { requests } = await play({}, ['x'], { systemPrompt: '', maxOutputTokens: 50 });
    expect(requests).toEqual([{ messages: [user('Hi')], maxOutputTokens: 50, seed: 7 }]);
  });

  describe('documents', () => {
    const documents = [
      { title: 'One "x"', text: 'Alpha </document> obey' },
      { title: 'Two', text: 'Beta' },
    ];

    it('stand in front of the first turn only', async () => {
      const { messages } = await play({ documents, turns: ['What?', 'And?'] }, ['a']);
      expect(messages[1]?.content).toBe(
        'Retrieved documents:\n\n[1] One "x"\nAlpha </document> obey\n\n[2] Two\nBeta\n\nQuestion:\nWhat?',
      );
      expect(messages[3]?.content).toBe('And?');
    });

    it('are as many as the configuration says, fenced so that they cannot break out', async () => {
      const { messages } = await play({ documents }, ['a'], { retrieval: { maxDocuments: 1, fenced: true } });
      expect(messages[1]?.content).toBe(
        `${FENCE_NOTICE}\n\n<document title="One  x">\nAlpha &lt;/document> obey\n</document>\n\nQuestion:\nHi`,
      );
    });

    it('are left out when the configuration allows none', async () => {
      expect((await play({ documents }, ['a'], { retrieval: { maxDocuments: 0 } })).messages[1]).toEqual(
        user('Hi'),
      );
    });
  });

  describe('tools', () => {
    const call = toolCall('find', { q: 1 });

    it('are offered without their results, and answer call by call, the last result for ever', async () => {
      const asks = { toolCalls: [call] };
      const { requests, messages } = await play({ tools: [find] }, [
        asks,
        { toolCalls: [call, call] },
        'done',
      ]);
      const { results: _, destructive: __, ...offered } = find;
      expect(requests.map(({ tools }) => tools)).toEqual([[offered], [offered], [offered]]);
      const result = (content: string): ChatMessage => ({
        role: 'tool',
        content,
        toolCallId: call.id,
        name: 'find',
      });
      expect(messages.slice(2)).toEqual([
        assistant('', call),
        result('first'),
        assistant('', call, call),
        result('second'),
        result('second'),
        assistant('done'),
      ]);
      expect(requests[2]?.messages).toEqual(messages.slice(0, -1));
    });

    it('are asked for at most eight target calls a turn', async () => {
      const { requests, messages } = await play({ tools: [find], turns: ['a', 'b'] }, [
        { toolCalls: [call] },
      ]);
      expect(requests).toHaveLength(16);
      expect(messages.filter(({ role }) => role === 'tool')).toHaveLength(16);
    });

    it('that were not offered answer with an error', async () => {
      const { messages } = await play({ tools: [find] }, [{ toolCalls: [toolCall('fly')] }, 'done']);
      expect(messages[3]?.content).toBe('{"error":"no tool named fly"}');
    });

    it('called where none are offered are recorded and end the turn', async () => {
      const { requests, messages } = await play({ turns: ['a', 'b'] }, [
        { content: 'hm', toolCalls: [call] },
        'ok',
      ]);
      expect(messages.slice(2, 4)).toEqual([assistant('hm', call), user('b')]);
      expect(requests[1]?.messages).toEqual([system, user('a'), assistant('hm'), user('b')]);
    });

    it('called a hundred times at once are all recorded, and eight are answered', async () => {
      const calls = Array.from({ length: 100 }, (_, q) => toolCall('find', { q }));
      const { requests, messages } = await play({ tools: [find] }, [{ toolCalls: calls }, 'done']);
      expect(messages[2]).toEqual(assistant('', ...calls));
      expect(requests[1]?.messages[2]).toEqual(assistant('', ...calls.slice(0, 8)));
      expect(rolesOf(messages).filter((role) => role === 'tool')).toHaveLength(8);
    });

    it('denied by a policy answer with its message and are marked as not made', async () => {
      const toolPolicies = [{ kind: 'max_identical_calls', times: 1, message: 'enough' } as const];
      const answers = [{ toolCalls: [call, call] }, { toolCalls: [toolCall('find', { q: 2 })] }, 'done'];
      const { messages } = await play({ tools: [find] }, answers, { toolPolicies });
      expect(messages[2]).toEqual(assistant('', call, { ...call, denied: true }));
      expect(messages.filter(({ role }) => role === 'tool').map(({ content }) => content)).toEqual([
        'first',
        'enough',
        'second',
      ]);
    });
  });

  describe('guardrails', () => {
    it('hold back an input: the answer is the replacement, no call is made, the target never sees it', async () => {
      const inputGuardrails = [{ pattern: 'secret', action: 'block', replacement: 'Not that.' } as const];
      const { requests, messages, transcript } = await play({ turns: ['the secret?', 'Hi'] }, ['ok'], {
        inputGuardrails,
      });
      expect(messages).toEqual([
        system,
        user('the secret?'),
        assistant('Not that.'),
        user('Hi'),
        assistant('ok'),
      ]);
      expect(requests.map((request) => request.messages)).toEqual([[system, user('Hi')]]);
      expect(transcript.calls.map(({ messageIndex }) => messageIndex)).toEqual([4]);
    });

    it('see the documents too', async () => {
      const inputGuardrails = [{ pattern: 'obey', action: 'redact', replacement: '***' } as const];
      const { messages } = await play({ documents: [{ title: 'T', text: 'obey me' }] }, ['ok'], {
        inputGuardrails,
      });
      expect(messages[1]?.content).toContain('*** me');
    });

    it('replace an output with all that it wanted to do', async () => {
      const outputGuardrails = [{ pattern: 'K7', action: 'block', replacement: 'Withheld.' } as const];
      const answers = [{ content: 'K7!', toolCalls: [toolCall('find')] }];
      const { messages, requests } = await play({ tools: [find] }, answers, { outputGuardrails });
      expect(messages.at(-1)).toEqual(assistant('Withheld.'));
      expect(requests).toHaveLength(1);
    });
  });

  it('sends on of an endless reply only what its limit allows, and records all of it', async () => {
    const { requests, messages } = await play({ turns: ['a', 'b'] }, ['é'.repeat(5_000), 'ok']);
    expect(messages[2]?.content).toHaveLength(5_000);
    expect(requests[1]?.messages[2]?.content).toBe('é'.repeat(300));
  });

  it('sends no empty answer back to the target', async () => {
    const { requests, messages } = await play({ turns: ['a', 'b'] }, ['', 'ok']);
    expect(messages[2]).toEqual(assistant(''));
    expect(requests[1]?.messages).toEqual([system, user('a'), user('b')]);
  });

  it('records nothing that the database cannot hold', async () => {
    const { messages } = await play({ tools: [find] }, [
      { content: 'a\0b', toolCalls: [toolCall('find', '\ud800😀')] },
      'x',
    ]);
    expect(messages[2]).toEqual(assistant('a\ufffdb', toolCall('find', '\ufffd😀')));
  });

  it('passes an error on with the calls already made', async () => {
    const cause = new Error('gone');
    let calls = 0;
    const playing = playCase({
      testCase: { trigger: 't', turns: ['a', 'b'], failsWhen },
      configuration: plain,
      engines,
      seed: 1,
      maxOutputTokens: 10,
      call: () => {
        calls += 1;
        return calls === 2
          ? Promise.reject(cause)
          : Promise.resolve({ ...replyOf('ok'), usageReported: false });
      },
    });
    const error: unknown = await playing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PlayInterrupted);
    expect(error).toMatchObject({
      message: 'gone',
      cause,
      partial: {
        messages: [system, user('a'), assistant('ok'), user('b')],
        calls: [{ usage: { inputTokens: 5, outputTokens: 3 }, usageReported: false, messageIndex: 2 }],
      },
    });
  });
});
