import { createDetectionEngines } from '../../src/detection/engines';
import type { ToolRiskLevel } from '../../src/domain/tool';
import type { Tool, ToolAnswer, ToolRequest } from '../../src/ports/tool';
import { ToolRegistry } from '../../src/tools';

function toolOf(name: string, riskLevel: ToolRiskLevel): Tool {
  return {
    name,
    riskLevel,
    description: `Can ${name}.`,
    parameters: { type: 'object', properties: { fail: { type: 'boolean' } }, additionalProperties: false },
    reversible: false,
    idempotent: true,
    timeoutMs: 1_000,
    execute: () => Promise.resolve(null),
  };
}

/** A tool of low risk, and one that a person is asked about. */
export const fakeTools = new ToolRegistry(createDetectionEngines().schemaViolation, [
  toolOf('look', 'low'),
  toolOf('change', 'medium'),
]);

/** What a gateway would answer: `fail: true` has the tool fail. */
export function toolAnswer(
  { tool, arguments: args, requestedBy }: ToolRequest,
  id: string,
  approvalId: string,
): ToolAnswer {
  const waits = tool.riskLevel !== 'low';
  return {
    approvalId: waits ? approvalId : null,
    execution: {
      id,
      tool: tool.name,
      riskLevel: tool.riskLevel,
      actionType: 'TOOL_CALL',
      reversible: tool.reversible,
      description: '',
      arguments: args,
      requestedBy,
      workflowId: 'tool-1',
      status: waits ? 'requested' : args['fail'] === true ? 'failed' : 'succeeded',
      result: null,
      error: args['fail'] === true ? 'it broke' : null,
      rollbackOf: null,
    },
  };
}
