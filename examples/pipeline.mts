/**
 * An assistant whose model client goes through a guard: what Tinman publishes is in force here within seconds.
 *
 *   npx tsx examples/pipeline.mts [--enforce] "QUESTION" …
 *
 * Without `--enforce` nothing is changed, and standard error has a line for each thing that would have been. It needs
 * Tinman (TINMAN_URL, TINMAN_API_KEY) and an OpenAI-compatible model (OPENAI_BASE_URL, OPENAI_API_KEY, ASSISTANT_MODEL).
 */
import OpenAI from 'openai';
import { Guard, guardOpenAI, openActiveInterventions, type GuardHooks } from 'tinman';

const { env, argv } = process;
const questions = argv.slice(2).filter((argument) => argument !== '--enforce');

const interventions = await openActiveInterventions({
  url: env['TINMAN_URL'] ?? 'http://127.0.0.1:8000',
  target: env['TINMAN_TARGET'] ?? 'assistant',
  channel: env['TINMAN_CHANNEL'] === 'production' ? 'production' : 'shadow',
  ...(env['TINMAN_API_KEY'] === undefined ? {} : { apiKey: env['TINMAN_API_KEY'] }),
});

/** Rules of this application, beside those that Tinman finds. */
const hooks: GuardHooks = {
  beforeRequest: ({ texts }) =>
    texts.some((text) => text.includes('BEGIN PRIVATE KEY')) ? 'No keys here, please.' : undefined,
  afterTool: (_call, result) => (result.length > 10_000 ? 'The answer of the tool is too long.' : undefined),
};

const guard = new Guard({
  mode: argv.includes('--enforce') ? 'production' : 'shadow',
  interventions,
  hooks,
  tokenLimit: 4_000,
  report: ({ enforced, kind, detail }) =>
    console.error(enforced ? kind : `would have: ${kind}`, `(${detail})`),
});
const openai = guardOpenAI(new OpenAI(), guard);

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'opening_hours',
      description: 'When the shop is open on a day.',
      parameters: { type: 'object', properties: { day: { type: 'string' } }, required: ['day'] },
    },
  },
];

const messages: OpenAI.ChatCompletionMessageParam[] = [
  { role: 'system', content: 'You are the assistant of a bicycle shop. Answer in one sentence.' },
];
for (const question of questions) {
  messages.push({ role: 'user', content: question });
  console.log(await answer());
}
interventions.close();

/** Asks until the model has no more tool calls. The guard decides what the model sees and which tools run. */
async function answer(): Promise<string> {
  const model = env['ASSISTANT_MODEL'] ?? 'demo-1';
  const { choices } = await openai.chat.completions.create({
    model,
    messages,
    tools,
    max_completion_tokens: 500,
  });
  const message = choices[0]?.message;
  if (message === undefined) throw new Error('the model gave no answer');
  messages.push(message);
  for (const call of message.tool_calls ?? []) {
    const content = await guard.runTool(call, () => 'Open from 9 to 18 o’clock.');
    messages.push({ role: 'tool', tool_call_id: call.id, content });
  }
  return message.tool_calls === undefined ? (message.content ?? '') : answer();
}
