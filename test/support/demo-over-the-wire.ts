import { createDemoTarget, type FaultChoice } from '../../src/targets/demo';
import { CompletionBody, requestOf } from '../../src/targets/demo/wire';
import { startOpenAiServer, type OpenAiServer } from './openai-server';
import type { Fault } from './protocol-server';

/** What happens to a call before the demo application answers it: nothing, after a while, or a fault in its place. */
type BeforeAnswer = (call: number) => Promise<Fault | undefined>;

/** The demo application over HTTP, in the process of the test, with calls that are late or fail. */
export function startDemoOverTheWire(faults: FaultChoice, before: BeforeAnswer): Promise<OpenAiServer> {
  const target = createDemoTarget({ faults });
  return startOpenAiServer(async (body, call) => {
    const fault = await before(call);
    if (fault !== undefined) return fault;
    const request = requestOf(CompletionBody.parse(body));
    const { content, toolCalls, usage } = await target.chat(request, new AbortController().signal);
    return {
      content,
      ...(toolCalls.length === 0 ? {} : { toolCalls }),
      usage: { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens },
    };
  });
}

/** The settings of a target that speaks to it. */
export function demoOverTheWire({ url }: OpenAiServer): Record<string, unknown> {
  const { systemPrompt, maxOutputTokens } = createDemoTarget({}).describe.configuration;
  return {
    kind: 'openai',
    base_url: url,
    model: 'demo-1',
    price: { input_usd_per_mtok: 3, output_usd_per_mtok: 15 },
    system_prompt: systemPrompt,
    max_output_tokens: maxOutputTokens,
  };
}
