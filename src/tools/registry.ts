import type { FindSchemaViolation } from '../domain/detection';
import type { JsonObject } from '../domain/chat';
import { DomainError } from '../domain/errors';
import { TOOL_ARGUMENTS_LIMIT, TOOL_NAME, TOOL_TIMEOUT_LIMIT_MS, type ToolDescription } from '../domain/tool';
import type { Tool, ToolDirectory } from '../ports/tool';

const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** The tools of a process by name. */
export class ToolRegistry implements ToolDirectory {
  private readonly tools = new Map<string, Tool>();

  constructor(
    private readonly schemaViolation: FindSchemaViolation,
    tools: readonly Tool[] = [],
  ) {
    for (const tool of tools) this.add(tool);
  }

  /** @throws {DomainError} `invalid_configuration` for a name that is none or is taken, and a time that is too long. */
  add(tool: Tool): void {
    if (!TOOL_NAME.test(tool.name)) {
      throw new DomainError('invalid_configuration', `a tool cannot be called ${tool.name.slice(0, 100)}`);
    }
    if (this.tools.has(tool.name)) {
      throw new DomainError('invalid_configuration', `there is a tool ${tool.name} already`);
    }
    if (!(tool.timeoutMs > 0 && tool.timeoutMs <= TOOL_TIMEOUT_LIMIT_MS)) {
      const message = `${tool.name} may take up to ${TOOL_TIMEOUT_LIMIT_MS} ms, not ${tool.timeoutMs}`;
      throw new DomainError('invalid_configuration', message);
    }
    this.tools.set(tool.name, tool);
  }

  get descriptions(): readonly ToolDescription[] {
    return [...this.tools.values()].map(descriptionOf);
  }

  describe(name: string): ToolDescription {
    return descriptionOf(this.toolFor(name));
  }

  check(name: string, args: unknown): JsonObject {
    const { parameters } = this.toolFor(name);
    if (!isObject(args)) throw invalid('the arguments are not an object');
    if (Buffer.byteLength(JSON.stringify(args, requireStorable)) > TOOL_ARGUMENTS_LIMIT)
      throw invalid('the arguments are too large');
    const violation = this.schemaViolation(parameters, args);
    if (violation !== undefined) throw invalid(violation);
    return args;
  }

  /**
   * The tool itself, for the activity that has passed the gate.
   * @throws {DomainError} `not_found`.
   */
  toolFor(name: string): Tool {
    const tool = this.tools.get(name);
    if (tool !== undefined) return tool;
    const names = [...this.tools.keys()].join(', ');
    throw new DomainError('not_found', `there is no tool ${name.slice(0, 100)}; there are ${names}`);
  }
}

function descriptionOf(tool: Tool): ToolDescription {
  const { name, description, riskLevel, parameters, idempotent } = tool;
  return { name, description, riskLevel, parameters, idempotent, reversible: tool.rollback !== undefined };
}

/** What is approved is what is kept: nothing is exchanged on the way into the database. */
function requireStorable(name: string, value: unknown): unknown {
  if (UNSTORABLE.test(name) || (typeof value === 'string' && UNSTORABLE.test(value))) {
    throw invalid('the arguments contain NUL or unpaired surrogates');
  }
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(detail: string): DomainError {
  // A violation begins with the pointer to what it is about.
  const [pointer = ''] = /^\/\S*/.exec(detail) ?? [];
  return new DomainError('invalid_arguments', detail, {
    errors: [{ in: 'body', pointer: `/arguments${pointer}`, detail }],
  });
}
