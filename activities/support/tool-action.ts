import type { ProposedAction } from '../../src/domain/approval';
import { toolSeverity, type ToolExecution } from '../../src/domain/tool';
import { digestOf } from './digest';

const SHOWN_ARGUMENTS = 500;

/** What a call of a tool means for the gate: all of it comes from the record, so that gate and executor see the same. */
export function toolAction(execution: ToolExecution): Omit<ProposedAction, 'approvalId'> {
  const { id, tool, riskLevel, actionType, reversible, description, requestedBy } = execution;
  const shown = JSON.stringify(execution.arguments).slice(0, SHOWN_ARGUMENTS);
  return {
    actionType,
    subjectId: id,
    description: `call ${tool} with ${shown}${description === '' ? '' : `: ${description}`}`,
    severity: toolSeverity(riskLevel),
    estimatedCostMicroUsd: 0,
    affectedSystems: [tool],
    isReversible: reversible,
    rollbackPlan: reversible ? `tinman tools rollback ${id}` : 'nothing takes it back',
    argumentsDigest: digestOf({ tool, arguments: execution.arguments, requestedBy }),
    personRequired: false,
  };
}
