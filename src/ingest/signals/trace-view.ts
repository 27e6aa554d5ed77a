import { callIdentity } from '../../domain/tool-arguments';
import type { Span, Trace } from '../../domain/trace';
import { isModelCall, modelOf, type GenAiOperation, type OfferedTool } from '../../domain/trace-genai';
import type { ToolCall } from '../../domain/chat';
import { readGenAi } from '../genai';
import { isFailed, saysError } from './span-errors';

/** A call of a model, and none that only encloses others. */
export interface ModelCall {
  readonly span: Span;
  readonly operation: GenAiOperation;
}

/** A tool that was used: a span of its own or, in a trace without any, a call that a model asked for. */
export interface ToolUse extends ToolCall {
  readonly span: Span;
  /** The same for the same tool with the same arguments. */
  readonly identity: string;
  /** Null where none is recorded. */
  readonly result: string | null;
  readonly failed: boolean;
  readonly executed: boolean;
}

/** A trace as the rules look at it: its tree, and what its spans say of generative AI. Made once for all of them. */
export class TraceView {
  /** In the order of their start; each id once. */
  readonly spans: readonly Span[];
  readonly operations: ReadonlyMap<string, GenAiOperation>;
  readonly modelCalls: readonly ModelCall[];
  readonly toolUses: readonly ToolUse[];
  /** Failed spans with no failed span inside: where a failure shows first, and not once for each span around it. */
  readonly deepestFailures: readonly Span[];
  /** Every tool that was offered to any model of the trace, by name. */
  readonly offeredTools: ReadonlyMap<string, OfferedTool>;
  /** What users said, as the model calls record it. */
  readonly userTexts: readonly string[];
  private readonly byId = new Map<string, Span>();
  private readonly withFailureInside = new Set<string>();

  constructor(readonly trace: Trace) {
    for (const span of trace.spans) if (!this.byId.has(span.spanId)) this.byId.set(span.spanId, span);
    this.spans = [...this.byId.values()].toSorted(byStart);
    this.operations = operationsOf(this.spans);
    this.markFailures();
    this.deepestFailures = this.spans.filter(
      (span) => isFailed(span) && !this.withFailureInside.has(span.spanId),
    );
    this.modelCalls = this.innermostModelCalls();
    this.toolUses = this.findToolUses();
    this.offeredTools = toolsOfferedIn(this.modelCalls);
    this.userTexts = userTextsIn(this.modelCalls);
  }

  /** The spans around a span, the nearest first; those that are missing end it, and so does a circle. */
  *ancestors(span: Span): Generator<Span> {
    const seen = new Set([span.spanId]);
    let at = span.parentSpanId;
    while (at !== null && !seen.has(at)) {
      const parent = this.byId.get(at);
      if (parent === undefined) return;
      yield parent;
      seen.add(at);
      at = parent.parentSpanId;
    }
  }

  /** What a span did, in words that stay the same from trace to trace. */
  operationKey(span: Span): string {
    const operation = this.operations.get(span.spanId);
    if (operation?.executed != null) return `tool ${operation.executed.name}`;
    if (operation !== undefined && isModelCall(operation)) {
      return `${operation.operation} ${modelOf(operation) ?? span.name}`;
    }
    return span.name.trim() === '' ? 'unnamed operation' : stableName(span.name);
  }

  span(spanId: string): Span | undefined {
    return this.byId.get(spanId);
  }

  private markFailures(): void {
    for (const span of this.spans) {
      if (!isFailed(span)) continue;
      for (const ancestor of this.ancestors(span)) {
        if (this.withFailureInside.has(ancestor.spanId)) break;
        this.withFailureInside.add(ancestor.spanId);
      }
    }
  }

  private innermostModelCalls(): readonly ModelCall[] {
    const calls = this.spans.flatMap((span) => {
      const operation = this.operations.get(span.spanId);
      return operation !== undefined && isModelCall(operation) ? [{ span, operation }] : [];
    });
    const enclosing = new Set(
      calls.flatMap(({ span }) => [...this.ancestors(span)].map(({ spanId }) => spanId)),
    );
    return calls.filter(({ span }) => !enclosing.has(span.spanId));
  }

  private findToolUses(): readonly ToolUse[] {
    const executed = this.spans.flatMap((span) => {
      const tool = this.operations.get(span.spanId)?.executed;
      if (tool == null || this.isInsideSameTool(span, tool.name)) return [];
      const failed = isFailed(span) || this.withFailureInside.has(span.spanId) || saysError(tool.result);
      return [{ ...tool, span, identity: identityOf(tool), failed, executed: true }];
    });
    return executed.length > 0 ? executed : this.requestedTools();
  }

  /** The span of a server inside that of the client that called it. */
  private isInsideSameTool(span: Span, name: string): boolean {
    for (const ancestor of this.ancestors(span)) {
      const outer = this.operations.get(ancestor.spanId);
      if (outer?.executed?.name === name) return true;
      if (outer !== undefined) return false;
    }
    return false;
  }

  private requestedTools(): readonly ToolUse[] {
    const results = new Map(
      this.modelCalls.flatMap(({ operation }) =>
        operation.inputMessages.flatMap(({ toolResults }) =>
          toolResults.map(({ callId, result }) => [callId, result] as const),
        ),
      ),
    );
    const seen = new Set<string>();
    return this.modelCalls.flatMap(({ span, operation }) =>
      operation.toolCalls.flatMap((call) => {
        if (call.id !== '' && seen.has(call.id)) return [];
        seen.add(call.id);
        const result = call.id === '' ? null : (results.get(call.id) ?? null);
        return [
          { ...call, span, identity: identityOf(call), result, failed: saysError(result), executed: false },
        ];
      }),
    );
  }
}

function toolsOfferedIn(modelCalls: readonly ModelCall[]): ReadonlyMap<string, OfferedTool> {
  const tools = modelCalls.flatMap(({ operation }) => operation.toolDefinitions);
  return new Map(tools.map((tool) => [tool.name, tool]));
}

function userTextsIn(modelCalls: readonly ModelCall[]): readonly string[] {
  const said = modelCalls.flatMap(({ operation }) => operation.inputMessages);
  const texts = said.flatMap(({ role, text }) => (role === 'user' && text !== '' ? [text] : []));
  return [...new Set(texts)];
}

function operationsOf(spans: readonly Span[]): ReadonlyMap<string, GenAiOperation> {
  return new Map(
    spans.flatMap((span) => {
      const operation = readGenAi(span);
      return operation === null ? [] : [[span.spanId, operation] as const];
    }),
  );
}

function byStart(a: Span, b: Span): number {
  if (a.startTimeUnixNano === b.startTimeUnixNano) return 0;
  return a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1;
}

/** Deeply nested arguments are compared as they are written. */
function identityOf(call: ToolCall): string {
  try {
    return callIdentity(call);
  } catch (error) {
    if (error instanceof RangeError) return JSON.stringify([call.name, call.arguments]);
    throw error;
  }
}

/** A name without the ids and numbers in it, which differ from trace to trace. */
function stableName(name: string): string {
  return name
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '#')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b|\d{3,}/gi, '#');
}
