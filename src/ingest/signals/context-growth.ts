import { modelOf } from '../../domain/trace-genai';
import { isCutOff } from './finish-reason';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule, SignalSettings } from './rule';
import { classOfError, errorOf, isFailed } from './span-errors';
import type { ModelCall } from './trace-view';

const LEAST_CALLS = 3;
const GROWTH = 2;
/** Of the context window. */
const NEARLY_FULL = 0.9;

/**
 * A conversation whose input grew to at least twice its first size over three calls of one model, and came to the limit:
 * to nine tenths of a context window that is known, to an answer cut off, or to an error of context length.
 */
export const contextGrowthRule: SignalRule = {
  kind: 'context_growth',
  exposures: ({ modelCalls }) =>
    [...byModel(modelCalls)].filter(([, calls]) => calls.length >= LEAST_CALLS).map(([model]) => model),
  find: ({ modelCalls }, settings) =>
    [...byModel(modelCalls)].flatMap(([model, calls]) => growthOf(model, calls, settings)),
};

interface SizedCall extends ModelCall {
  readonly tokens: number;
}

function byModel(modelCalls: readonly ModelCall[]): ReadonlyMap<string, readonly ModelCall[]> {
  const models = new Map<string, ModelCall[]>();
  for (const call of modelCalls) {
    const model = modelOf(call.operation);
    if (model === null) continue;
    const known = models.get(model);
    if (known === undefined) models.set(model, [call]);
    else known.push(call);
  }
  return models;
}

function growthOf(
  model: string,
  calls: readonly ModelCall[],
  settings: SignalSettings,
): readonly FoundSignal[] {
  const sized = calls.flatMap((call): readonly SizedCall[] => {
    const tokens = call.operation.usage.inputTokens;
    return tokens === null || tokens === 0 ? [] : [{ ...call, tokens }];
  });
  const first = sized[0];
  const largest = sized.reduce<SizedCall | undefined>(
    (most, call) => (call.tokens > (most?.tokens ?? 0) ? call : most),
    undefined,
  );
  if (first === undefined || largest === undefined || calls.length < LEAST_CALLS) return [];
  if (largest.tokens < GROWTH * first.tokens) return [];
  const end = endOf(model, calls, largest, settings);
  if (end === null) return [];
  return [
    {
      failureType: 'context_overflow',
      spanId: end.call.span.spanId,
      scope: model,
      trigger: `context grows to the limit of ${model}`,
      explanation: `input grew from ${first.tokens} to ${largest.tokens} tokens over ${calls.length} calls, ${end.how}`,
      evidence: [sizeEvidence(first), sizeEvidence(largest)],
    },
  ];
}

function endOf(
  model: string,
  calls: readonly ModelCall[],
  largest: SizedCall,
  { contextTokensOf }: SignalSettings,
): { readonly how: string; readonly call: ModelCall } | null {
  const limit = contextTokensOf(model);
  if (limit !== undefined && largest.tokens >= NEARLY_FULL * limit) {
    return { how: `of ${limit} that the model takes`, call: largest };
  }
  const broken = calls.find(
    ({ span }) => isFailed(span) && classOfError(errorOf(span)).failureType === 'context_overflow',
  );
  if (broken !== undefined) return { how: 'until the model refused it', call: broken };
  return isCutOff(largest) ? { how: 'where the answer was cut off', call: largest } : null;
}

function sizeEvidence({ span, tokens }: SizedCall): ReturnType<typeof quoteOf> {
  return quoteOf(span, {
    passages: [String(tokens)],
    explanation: 'the input of the call, in tokens',
    near: /token|usage/i,
  });
}
