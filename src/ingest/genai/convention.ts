import type { Span, TraceFormat } from '../../domain/trace';
import type {
  GenAiConvention,
  GenAiMessage,
  GenAiOperationKind,
  GenAiUsage,
  OfferedTool,
} from '../../domain/trace-genai';
import type { AttributeView } from './attribute-view';
import type { RecordedUsage } from './usage';

/** What a span says under one convention; a field is missing where it says nothing. */
export interface GenAiFacts {
  readonly operation?: GenAiOperationKind | undefined;
  readonly provider?: string | undefined;
  readonly requestModel?: string | undefined;
  readonly responseModel?: string | undefined;
  readonly inputMessages?: readonly GenAiMessage[] | undefined;
  readonly outputMessages?: readonly GenAiMessage[] | undefined;
  readonly usage?: GenAiUsage | undefined;
  readonly recordedCostUsd?: number | undefined;
  readonly toolDefinitions?: readonly OfferedTool[] | undefined;
  readonly finishReasons?: readonly string[] | undefined;
  readonly conversationId?: string | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** The tool that the span executed. */
  readonly toolName?: string | undefined;
  readonly toolCallId?: string | undefined;
  readonly toolArguments?: string | undefined;
  readonly toolResult?: string | undefined;
}

/** One way of writing generative AI into spans: a file beside this one and a line in the registry. */
export interface Convention {
  readonly name: GenAiConvention;
  /** Whether a key of an attribute, or the name of an event, is of this convention. */
  readonly marks: RegExp;
  /** Keys that mean it in one format only, since they are too plain elsewhere. */
  readonly plainMarks?: { readonly format: TraceFormat; readonly marks: RegExp };
  readonly read: (view: AttributeView, span: Span) => GenAiFacts;
}

/** The keys of the figures, the preferred first. */
export type UsageKeys = Readonly<Record<keyof RecordedUsage, readonly string[]>>;

export function recordedUsage(view: AttributeView, keys: UsageKeys): RecordedUsage {
  return {
    input: view.count(...keys.input),
    output: view.count(...keys.output),
    total: view.count(...keys.total),
    cacheRead: view.count(...keys.cacheRead),
    cacheWrite: view.count(...keys.cacheWrite),
    reasoning: view.count(...keys.reasoning),
  };
}

/** What an operation's own name for its kind means; undefined for names that are not known. */
export function operationOf(
  names: Readonly<Record<string, GenAiOperationKind>>,
  name: string | undefined,
): GenAiOperationKind | undefined {
  const key = name?.toLowerCase() ?? '';
  return Object.hasOwn(names, key) ? names[key] : undefined;
}
