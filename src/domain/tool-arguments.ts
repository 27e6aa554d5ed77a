import { canonicalJson } from './canonical-json';
import type { ToolCall } from './chat';

/** The arguments of a call as JSON, or what keeps them from being read. */
export type ParsedArguments = { readonly value: unknown } | { readonly mistake: string };

/** Reads the arguments of a call, which are untrusted text; an empty text counts as no arguments. */
export function parseArguments(call: ToolCall): ParsedArguments {
  if (call.arguments.trim() === '') return { value: {} };
  try {
    return { value: JSON.parse(call.arguments) as unknown };
  } catch (error) {
    return {
      mistake: `the arguments are not JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** What two calls have in common when they are the same call: tool and arguments, in whatever order the keys are. */
export function callIdentity(call: ToolCall): string {
  const parsed = parseArguments(call);
  const read = 'value' in parsed ? canonicalJson(parsed.value) : call.arguments.trim();
  return JSON.stringify([call.name, read]);
}
