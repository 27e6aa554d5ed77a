import { modelOf } from '../../domain/trace-genai';
import { quoteOf } from './quotes';
import type { SignalRule } from './rule';
import type { ModelCall } from './trace-view';

/** A model that called a tool which was not among those that the same call offered. */
export const unknownToolRule: SignalRule = {
  kind: 'unknown_tool',
  exposures: ({ modelCalls }) =>
    modelCalls.filter(({ operation }) => operation.toolDefinitions.length > 0).map(scopeOf),
  find: ({ modelCalls }) =>
    modelCalls.flatMap((call) => {
      const { span, operation } = call;
      const offered = operation.toolDefinitions.map(({ name }) => name);
      if (offered.length === 0) return [];
      const strangers = operation.toolCalls.filter(
        ({ name }) => !offered.some((known) => sameTool(known, name)),
      );
      return [...new Set(strangers.map(({ name }) => name))].map((name) => ({
        failureType: 'tool_hallucination' as const,
        spanId: span.spanId,
        scope: scopeOf(call),
        trigger: `unknown tool ${name}`,
        explanation: `${scopeOf(call)} called ${name}; it was offered ${offered.slice(0, 20).join(', ')}`,
        oracle: { kind: 'unknown_tool' as const },
        evidence: [
          quoteOf(span, {
            passages: [name],
            explanation: 'the call of a tool that was not offered',
            near: /output|completion|choice|response|toolCalls/i,
          }),
        ],
      }));
    }),
};

function scopeOf({ operation }: ModelCall): string {
  return modelOf(operation) ?? 'unnamed model';
}

/** Servers and frameworks put a name space before a name: `mcp__weather__get` and `weather.get` may be `get`. */
function sameTool(offered: string, called: string): boolean {
  return offered === called || bare(offered) === bare(called);
}

function bare(name: string): string {
  return name.split(/__|[./:]/).at(-1) ?? name;
}
