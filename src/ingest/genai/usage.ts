import type { GenAiUsage } from '../../domain/trace-genai';

/** The figures of one convention, as recorded. */
export interface RecordedUsage {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly total?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly reasoning?: number | undefined;
}

/** Whether a convention counts cached tokens into its input, and reasoning into its output. */
export interface UsageInclusion {
  readonly cacheInInput: boolean;
  readonly reasoningInOutput: boolean;
}

/** Parts are parts: what most conventions define. */
export const INCLUSIVE: UsageInclusion = { cacheInInput: true, reasoningInOutput: true };

/**
 * Usage with each token counted once. Where a total is recorded that equals input and output with or without their parts,
 * it decides; otherwise the rule of the convention does, and parts that exceed their whole were never in it.
 */
export function usageOf(recorded: RecordedUsage, inclusion: UsageInclusion): GenAiUsage {
  const { input, output, cacheRead, cacheWrite, reasoning } = recorded;
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  const cacheInside = inside(recorded, cached, input, inclusion.cacheInInput);
  const thoughtInside = inside(recorded, reasoning ?? 0, output, inclusion.reasoningInOutput);
  const inputTokens = whole(input, cached, cacheInside);
  const outputTokens = whole(output, reasoning ?? 0, thoughtInside);
  return Object.assign(filled(inputTokens, outputTokens, recorded.total), {
    cacheReadTokens: cacheRead ?? null,
    cacheWriteTokens: cacheWrite ?? null,
    reasoningTokens: reasoning ?? null,
  });
}

function inside(
  recorded: RecordedUsage,
  part: number,
  of: number | undefined,
  byConvention: boolean,
): boolean {
  if (part > (of ?? 0)) return false;
  const { input, output, total } = recorded;
  if (total === undefined || input === undefined || output === undefined) return byConvention;
  const beyond = total - input - output;
  if (beyond === 0) return true;
  return beyond === part || beyond === parts(recorded) ? false : byConvention;
}

function parts({ cacheRead = 0, cacheWrite = 0, reasoning = 0 }: RecordedUsage): number {
  return cacheRead + cacheWrite + reasoning;
}

function whole(recorded: number | undefined, part: number, isInside: boolean): number | undefined {
  return isInside || recorded === undefined ? recorded : recorded + part;
}

/** One side follows from the total and the other. */
function filled(
  input: number | undefined,
  output: number | undefined,
  total: number | undefined,
): Pick<GenAiUsage, 'inputTokens' | 'outputTokens'> {
  const rest = (known: number | undefined): number | null =>
    total === undefined || known === undefined || total < known ? null : total - known;
  return { inputTokens: input ?? rest(output), outputTokens: output ?? rest(input) };
}
