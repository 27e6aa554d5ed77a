import type { Span } from '../../domain/trace';
import { isModelCall, modelOf, type GenAiOperation, type GenAiSummary } from '../../domain/trace-genai';

/** Traces whose spans are still waited for; the one that was silent the longest is closed when there are more. */
const OPEN_TRACES = 4_096;
/** Operations of one trace that are kept to find repetitions among them; further ones count as they come. */
const KEPT_OPERATIONS = 20_000;

interface Tokens {
  readonly parent: string | null;
  readonly input: number;
  readonly output: number;
  /** Langfuse's own figures: it attributes tokens to one observation each. */
  readonly attributed: boolean;
}

/** What one trace has shown so far. */
class TraceTally {
  private readonly parents = new Map<string, string | null>();
  private readonly calls = new Map<string, Tokens>();
  private readonly wrappers = new Map<string, Tokens>();
  private readonly tools = new Map<string, { readonly parent: string | null; readonly name: string }>();
  private readonly requested = new Set<string>();

  get isFull(): boolean {
    return this.parents.size >= KEPT_OPERATIONS;
  }

  add(span: Span, operation: GenAiOperation): void {
    const { spanId, parentSpanId: parent } = span;
    this.parents.set(spanId, parent);
    if (operation.executed !== null) this.tools.set(spanId, { parent, name: operation.executed.name });
    const { inputTokens, outputTokens } = operation.usage;
    if (inputTokens !== null || outputTokens !== null) {
      const attributed = operation.conventions[0] === 'langfuse';
      const tokens = { parent, input: inputTokens ?? 0, output: outputTokens ?? 0, attributed };
      (isModelCall(operation) ? this.calls : this.wrappers).set(spanId, tokens);
    }
    if (!isModelCall(operation)) return;
    for (const [index, { id }] of operation.toolCalls.entries()) {
      this.requested.add(id === '' ? `${spanId}#${index}` : id);
    }
  }

  get figures(): { readonly input: number; readonly output: number; readonly toolCalls: number } {
    const counted = this.calls.size > 0 ? this.withoutRepetitions() : this.outermost();
    return {
      input: counted.reduce((sum, { input }) => sum + input, 0),
      output: counted.reduce((sum, { output }) => sum + output, 0),
      toolCalls: this.tools.size > 0 ? this.executions() : this.requested.size,
    };
  }

  /** A model call that only adds up the model calls inside it is not counted beside them. */
  private withoutRepetitions(): readonly Tokens[] {
    const inside = new Map<string, { input: number; output: number }>();
    for (const call of this.calls.values()) {
      const enclosing = this.enclosing(call.parent);
      if (enclosing === null) continue;
      const { input, output } = inside.get(enclosing) ?? { input: 0, output: 0 };
      inside.set(enclosing, { input: input + call.input, output: output + call.output });
    }
    return [...this.calls].flatMap(([spanId, call]) => {
      const within = inside.get(spanId);
      const repeats = within !== undefined && within.input === call.input && within.output === call.output;
      return repeats && !call.attributed ? [] : [call];
    });
  }

  /** The nearest model call with usage around a span, by way of the operations that are known. */
  private enclosing(parent: string | null): string | null {
    const seen = new Set<string>();
    for (let at = parent; at !== null && !seen.has(at); at = this.parents.get(at) ?? null) {
      if (this.calls.has(at)) return at;
      seen.add(at);
    }
    return null;
  }

  private outermost(): readonly Tokens[] {
    return [...this.wrappers.values()].filter(({ parent }) => parent === null || !this.wrappers.has(parent));
  }

  /** The span of a client and that of the server it called are one execution. */
  private executions(): number {
    return [...this.tools.values()].filter(
      ({ parent, name }) => parent === null || this.tools.get(parent)?.name !== name,
    ).length;
  }
}

/**
 * Adds up what spans say of generative AI, as they come, in bounded memory.
 *
 * Tokens are those of model calls. Agents, workflows and other spans around them repeat what is inside: their usage counts
 * only in a trace none of whose model calls records any, and there only that of the outermost. A model call whose usage is
 * exactly the sum of the model calls inside it is such a repetition too, except in exports of Langfuse, which attributes
 * tokens to one observation each. Tool calls are executed tools; in a trace that shows no execution, those that models
 * asked for. The spans of a trace should come near each other: a trace that has been silent while 4,096 others spoke is
 * closed, and one with more than 20,000 operations is added up in parts.
 */
export class GenAiTally {
  private readonly models = new Set<string>();
  private readonly open = new Map<string, TraceTally>();
  private input = 0;
  private output = 0;
  private toolCalls = 0;

  /** `operation` is what `readGenAi` says of the span. */
  add(span: Span, operation: GenAiOperation | null): void {
    if (operation === null) return;
    const model = isModelCall(operation) ? modelOf(operation) : null;
    if (model !== null) this.models.add(model);
    this.tallyOf(span.traceId).add(span, operation);
  }

  get summary(): GenAiSummary {
    const still = [...this.open.values()].map(({ figures }) => figures);
    return {
      models: [...this.models].toSorted(),
      input_tokens: still.reduce((sum, { input }) => sum + input, this.input),
      output_tokens: still.reduce((sum, { output }) => sum + output, this.output),
      tool_calls: still.reduce((sum, { toolCalls }) => sum + toolCalls, this.toolCalls),
    };
  }

  private tallyOf(traceId: string): TraceTally {
    const known = this.open.get(traceId);
    this.open.delete(traceId);
    if (known?.isFull === true) this.close(known);
    const tally = known === undefined || known.isFull ? new TraceTally() : known;
    this.open.set(traceId, tally);
    if (this.open.size > OPEN_TRACES) this.closeOldest();
    return tally;
  }

  private closeOldest(): void {
    for (const [traceId, tally] of this.open) {
      this.open.delete(traceId);
      this.close(tally);
      return;
    }
  }

  private close({ figures }: TraceTally): void {
    this.input += figures.input;
    this.output += figures.output;
    this.toolCalls += figures.toolCalls;
  }
}
