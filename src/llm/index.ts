import { anthropic } from './anthropic';
import { openaiCompatible } from './openai-compatible';
import type { LlmProvider } from './provider';

export type { LlmProvider } from './provider';

/** The providers of researcher models: a new one is a file beside this one and a line here. */
export const LLM_PROVIDERS = { anthropic, openai: openaiCompatible } satisfies Record<string, LlmProvider>;
