import type { z } from 'zod';
import type { Llm } from '../ports/llm';

/** A provider of models states the settings it needs and builds itself from them. */
export interface LlmProvider<S extends z.ZodType = z.ZodType> {
  readonly settings: S;
  create(settings: z.output<S>): Llm;
}
