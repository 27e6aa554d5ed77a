import { anthropic } from './anthropic';
import type { LlmProvider } from './provider';

export type { LlmProvider } from './provider';

/** The providers of researcher models: a new one is a file beside this one and a line here. */
export const LLM_PROVIDERS = { anthropic } satisfies Record<string, LlmProvider>;
