import { z } from 'zod';
import { DomainError } from '../../src/domain/errors';
import { LLM_PROVIDERS } from '../../src/llm';
import { createAsk, type ModelReply, type ModelRequest } from '../../src/researcher/ask';
import type { Question } from '../../src/researcher/researcher';
import {
  startAnthropicServer,
  type AnthropicAnswer,
  type AnthropicServer,
} from '../support/anthropic-server';
import type { Fault } from '../support/protocol-server';

const question: Question<{ items: { size: number }[] }> = {
  operation: 'measure/1',
  system: 'You measure.',
  prompt: 'Measure it.',
  answerName: 'measure',
  schema: z.strictObject({ items: z.array(z.strictObject({ size: z.number().max(9) })).max(3) }),
  maxOutputTokens: 500,
};
const good = { items: [{ size: 1 }] };

describe('ask, over the anthropic provider', () => {
  let server: AnthropicServer | undefined;
  afterEach(() => server?.close());

  async function askAgainst(script: readonly [AnthropicAnswer | Fault, ...(AnthropicAnswer | Fault)[]]) {
    server = await startAnthropicServer(script);
    const { anthropic } = LLM_PROVIDERS;
    const settings = { api_key: 'k', model: 'claude-sonnet-5-5', base_url: server.url };
    const llm = anthropic.create(anthropic.settings.parse(settings));
    return createAsk((request) => llm.ask(request, new AbortController().signal));
  }

  it('gives the model the JSON Schema and returns the parsed answer', async () => {
    const ask = await askAgainst([{ output: good }]);
    expect(await ask(question)).toEqual(good);
    expect(server?.requests[0]?.body.tools[0]).toMatchObject({
      name: 'measure',
      input_schema: {
        type: 'object',
        required: ['items'],
        additionalProperties: false,
        properties: {
          items: { type: 'array', maxItems: 3, items: { properties: { size: { maximum: 9 } } } },
        },
      },
    });
  });

  it.each([
    ['text that is not JSON', { text: 'It is one big.' }, /not JSON/],
    ['an answer cut off', { output: good, stopReason: 'max_tokens' }, /cut off/],
    ['a refusal', { text: 'I will not.', stopReason: 'refusal' }, /refusal/],
    ['an answer of another shape', { output: { items: [{ size: 10 }] } }, /\/items\/0\/size/],
    ['nothing at all', { text: '' }, /not JSON/],
  ] as const)('shows the model what is wrong with %s, and asks again', async (_name, bad, problem) => {
    const ask = await askAgainst([bad, { output: good }]);
    expect(await ask(question)).toEqual(good);
    const messages = server?.requests[1]?.body.messages ?? [];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[0]?.content).toBe('Measure it.');
    expect(messages[2]?.content).toMatch(problem);
  });

  it('gives up after the third answer and says what was wrong and where', async () => {
    const ask = await askAgainst([{ output: { items: [{ size: 1 }, { size: 'big' }] } }]);
    const error: unknown = await ask(question).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      code: 'model_output_invalid',
      details: { operation: 'measure/1', pointer: '/items/1/size', attempts: 3 },
    });
    expect(server?.calls).toBe(3);
    expect(server?.requests[2]?.body.messages).toHaveLength(3);
  });

  it('leaves failed calls to the caller', async () => {
    const ask = await askAgainst([{ fault: 'status', status: 529 }]);
    await expect(ask(question)).rejects.toMatchObject({ name: 'CallError', kind: 'unavailable' });
    expect(server?.calls).toBe(1);
  });
});

describe('ask', () => {
  it('survives an answer nested without end', async () => {
    const deep: unknown = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000));
    const reply: ModelReply = { output: deep, rawText: '[…]', stopReason: 'answered' };
    const ask = createAsk(() => Promise.resolve(reply));
    await expect(ask({ ...question, schema: z.any() })).rejects.toMatchObject({
      code: 'model_output_invalid',
    });
  });

  it('names every attempt by the same operation and shows only the last answer', async () => {
    const requests: ModelRequest[] = [];
    const replies = ['first', 'second'].map((rawText): ModelReply => ({
      output: rawText,
      rawText,
      stopReason: 'answered',
    }));
    const ask = createAsk((request) => {
      requests.push(request);
      return Promise.resolve(replies.shift() ?? { output: good, rawText: '', stopReason: 'answered' });
    });
    await ask(question);
    expect(requests.map(({ operation }) => operation)).toEqual(['measure/1', 'measure/1', 'measure/1']);
    expect(requests[2]?.messages[1]).toEqual({ role: 'assistant', content: 'second' });
  });
});
