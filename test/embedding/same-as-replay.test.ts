import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { Guard, guardChat, type ChatMessage, type ChatReply, type ChatRequest, type Patch } from '../../src';
import { createDetectionEngines } from '../../src/detection/engines';
import type { TestCase } from '../../src/domain/experiment';
import { applyInterventions } from '../../src/domain/intervention';
import { NO_USAGE } from '../../src/domain/money';
import { playCase } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';

const engines = createDetectionEngines();
const OWN: TargetConfiguration = {
  systemPrompt: 'Be brief.',
  maxOutputTokens: 500,
  inputGuardrails: [],
  outputGuardrails: [],
  toolPolicies: [],
  retrieval: {},
};
const SCHEMA = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
const TOOLS = ['a', 'b'].map((name) => ({
  name,
  description: name,
  parameters: SCHEMA,
  results: [`from ${name}`],
}));
const OFFERED = TOOLS.map(({ name, description, parameters }) => ({ name, description, parameters }));
const TEST_CASE = { trigger: 't', tools: TOOLS, failsWhen: { kind: 'refusal' } } as const;
const MOST_STEPS = 4;

const words = constantFrom('one', 'two', 'yes', 'one two', 'three one', 'no two', 'four');
const rule = record({
  pattern: constantFrom('one', 'two', 'three|four', 'yes'),
  action: constantFrom('block' as const, 'redact' as const),
  replacement: constantFrom('', '[x]', 'No.', 'two'),
});
const message = constantFrom('denied', 'ask first');
const tool = constantFrom('a', 'b');
const policy = oneof(
  record({ kind: constant('deny' as const), tool, message }),
  record({ kind: constant('require_confirmation' as const), tool, message }),
  record({ kind: constant('max_identical_calls' as const), times: constantFrom(1, 2), message }),
  record({ kind: constant('validate_arguments' as const), message }),
);
const patch: Arbitrary<Patch> = oneof(
  record({ type: constant('prompt_patch' as const), append: words }),
  record({ type: constant('guardrail' as const), side: constantFrom('input', 'output'), rule }),
  record({ type: constant('tool_policy' as const), rule: policy }),
  record({ type: constant('parameter_change' as const), temperature: constantFrom(0, 1) }),
  record({ type: constant('parameter_change' as const), maxOutputTokens: constantFrom(100, 200) }),
);
const call = record({ name: tool, arguments: constantFrom('{"n":1}', '{"n":2}', '{}', '{"n":') });
const answers = array(record({ content: words, calls: array(call, { maxLength: 2 }) }), {
  minLength: 1,
  maxLength: 6,
});

/** A model that gives these answers over and over, and what it was asked. */
function scripted(
  script: readonly {
    readonly content: string;
    readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  }[],
) {
  const asked: ChatRequest[] = [];
  const chat = (request: ChatRequest): Promise<ChatReply> => {
    const answer = script[asked.push(request) % script.length];
    const toolCalls = (answer?.calls ?? []).map((each, index) => ({
      id: `${asked.length}-${index}`,
      ...each,
    }));
    const content = answer?.content ?? '';
    return Promise.resolve({
      content,
      toolCalls,
      finishReason: 'stop',
      usage: NO_USAGE,
      model: 'm',
      latencyMs: 0,
    });
  };
  return { asked, chat };
}

/** A plain application that knows nothing of interventions. */
async function converse(
  chat: (request: ChatRequest) => Promise<ChatReply>,
  guard: Guard,
  turns: readonly string[],
): Promise<readonly ChatMessage[]> {
  const messages: ChatMessage[] = [{ role: 'system', content: OWN.systemPrompt }];
  for (const content of turns) {
    messages.push({ role: 'user', content });
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const reply = await chat({
        messages: [...messages],
        tools: OFFERED,
        maxOutputTokens: OWN.maxOutputTokens,
        seed: 7,
      });
      const calls = reply.toolCalls.length === 0 ? {} : { toolCalls: reply.toolCalls };
      messages.push({ role: 'assistant', content: reply.content, ...calls });
      for (const each of reply.toolCalls) {
        const result = await guard.runTool(each, () => `from ${each.name}`);
        messages.push({ role: 'tool', content: result, toolCallId: each.id, name: each.name });
      }
      if (reply.toolCalls.length === 0) break;
    }
  }
  return messages;
}

/** Replays mark denied calls, and add empty answers of a model that said nothing to no context. */
function plain(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages
    .filter((one) => one.role !== 'assistant' || one.content !== '' || one.toolCalls !== undefined)
    .map((one) =>
      one.role === 'assistant' && one.toolCalls !== undefined
        ? {
            ...one,
            toolCalls: one.toolCalls.map(({ id, name, arguments: text }) => ({ id, name, arguments: text })),
          }
        : one,
    );
}

describe('an application behind a guard', () => {
  it('asks its model and runs its tools exactly as a replay does', async () => {
    const property = asyncProperty(
      array(patch, { maxLength: 4 }),
      array(words, { minLength: 1, maxLength: 4 }),
      answers,
      async (patches, turns, script) => {
        const interventions = patches.map((each, index) => ({ interventionId: `${index}`, patch: each }));
        const replayed = scripted(script);
        const configuration = applyInterventions(OWN, interventions);
        const testCase: TestCase = { ...TEST_CASE, turns };
        const limits = { seed: 7, maxOutputTokens: OWN.maxOutputTokens, maxToolSteps: MOST_STEPS };
        const transcript = await playCase({
          testCase,
          configuration,
          engines,
          call: replayed.chat,
          ...limits,
        });

        const guard = new Guard({ mode: 'production', interventions, report: () => undefined });
        const live = scripted(script);
        const said = await converse(guardChat(live.chat, guard), guard, turns);

        const shown = ({ messages, ...rest }: ChatRequest) => ({ ...rest, messages: plain(messages) });
        expect(live.asked.map(shown)).toEqual(replayed.asked.map(shown));
        const results = (all: readonly ChatMessage[]) => all.filter(({ role }) => role === 'tool');
        expect(results(said)).toEqual(results(transcript.messages));
      },
    );
    await assert(property, { numRuns: 150 });
  });
});
