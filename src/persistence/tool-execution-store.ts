import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json';
import { ACTION_TYPES } from '../domain/risk';
import { DomainError } from '../domain/errors';
import { TOOL_RISK_LEVELS, TOOL_STATUSES, type ToolExecution } from '../domain/tool';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, storableInput, storableText } from './columns';
import type { AuditEventType } from '../domain/audit-events';
import type { AuditEvent } from '../ports/audit';
import type { GateVerdict } from '../domain/approval';
import type { NewToolExecution, ToolEnd, ToolExecutionStore } from '../ports/tool';
import type { PrismaClient, Transaction } from './client';
import type { Prisma, ToolExecution as Row } from './generated/client';

/** Calls of tools over `tool_executions`. */
export function createToolExecutionStore(prisma: PrismaClient): ToolExecutionStore {
  return {
    open: (execution) => prisma.$transaction((tx) => open(tx, execution)),
    get: (id) => read(prisma, id),
    begin: (id, gate, again) => prisma.$transaction((tx) => begin(tx, id, gate, again)),
    finish: (id, end) => prisma.$transaction((tx) => finish(tx, id, end)),
    refuse: (id, reason) => prisma.$transaction((tx) => refuse(tx, id, reason)),
    failedRollbacks: (id) =>
      prisma.toolExecution.count({
        where: { rollbackOf: id, status: { in: ['failed', 'refused', 'unknown'] } },
      }),
    waitingApproval: async (workflowId) => {
      const row = await prisma.approval.findFirst({
        where: { workflowId, state: 'pending' },
        select: { id: true },
      });
      return row?.id ?? null;
    },
  };
}

async function open(tx: Transaction, execution: NewToolExecution): Promise<ToolExecution> {
  const { id, idempotencyKey, tool, riskLevel, actionType, reversible, requestedBy, workflowId } = execution;
  const { count } = await tx.toolExecution.createMany({
    data: [
      {
        id,
        idempotencyKey,
        toolName: tool,
        riskLevel,
        actionType,
        reversible,
        description: storableText(execution.description),
        arguments: storableInput(execution.arguments) ?? {},
        argumentsDigest: digestOf(execution.arguments),
        requestedBy: storableText(requestedBy),
        workflowId,
        rollbackOf: execution.rollbackOf,
      },
    ],
    skipDuplicates: true,
  });
  const row = await tx.toolExecution.findUniqueOrThrow({ where: { idempotencyKey } });
  if (count === 1) await appendInTransaction(tx, [event('tool_requested', toExecution(row))]);
  return toExecution(row);
}

async function read(tx: Transaction, id: string): Promise<ToolExecution> {
  const row = await tx.toolExecution.findUnique({ where: { id } });
  if (row === null) throw new DomainError('not_found', `there is no tool execution ${id}`);
  return toExecution(row);
}

async function locked(tx: Transaction, id: string): Promise<ToolExecution> {
  await tx.$executeRaw`SELECT 1 FROM tool_executions WHERE id = ${id}::uuid FOR UPDATE`;
  return read(tx, id);
}

async function begin(
  tx: Transaction,
  id: string,
  gate: GateVerdict | null,
  again: boolean,
): Promise<'begun' | 'interrupted' | 'ended'> {
  const { status } = await locked(tx, id);
  if (status !== 'requested' && status !== 'running') return 'ended';
  if (status === 'running' && !again) return 'interrupted';
  if (gate !== null) await requireMode(tx, gate);
  await tx.toolExecution.update({
    where: { id },
    data: {
      status: 'running',
      startedAt: new Date(),
      ...(gate === null ? {} : { mode: gate.mode, policyVersion: gate.policyVersion }),
      ...(gate?.tier === 'review' ? { approvalId: gate.approvalId } : {}),
    },
  });
  return 'begun';
}

async function requireMode(tx: Transaction, { modeVersion }: GateVerdict): Promise<void> {
  const rows = await tx.$queryRaw<object[]>`
    SELECT 1 FROM mode_state WHERE id = 1 AND version = ${modeVersion} FOR SHARE`;
  if (rows.length === 0) throw new DomainError('mode_changed', 'the mode changed since this passed the gate');
}

async function finish(tx: Transaction, id: string, end: ToolEnd): Promise<ToolExecution> {
  const before = await locked(tx, id);
  if (before.status !== 'running') return before;
  const row = await tx.toolExecution.update({
    where: { id },
    data: {
      status: end.status,
      endedAt: new Date(),
      ...resultOf(end),
      ...(end.error === undefined ? {} : { error: storableText(end.error) }),
    },
  });
  if (end.status === 'succeeded' && before.rollbackOf !== null) {
    await tx.toolExecution.updateMany({
      where: { id: before.rollbackOf, status: 'succeeded' },
      data: { status: 'rolled_back' },
    });
  }
  await appendInTransaction(tx, [event('tool_executed', toExecution(row))]);
  return toExecution(row);
}

function resultOf({ result }: ToolEnd): { readonly result?: Prisma.InputJsonValue } {
  const stored = result === undefined ? undefined : storableInput(result);
  return stored === undefined ? {} : { result: stored };
}

async function refuse(tx: Transaction, id: string, reason: string): Promise<ToolExecution> {
  const before = await locked(tx, id);
  if (before.status !== 'requested') return before;
  const row = await tx.toolExecution.update({
    where: { id },
    data: { status: 'refused', error: storableText(reason), endedAt: new Date() },
  });
  await appendInTransaction(tx, [event('tool_refused', toExecution(row))]);
  return toExecution(row);
}

function event(eventType: AuditEventType, execution: ToolExecution): AuditEvent {
  const { id, tool, riskLevel, status, requestedBy, rollbackOf, error } = execution;
  return {
    key: `${eventType}/${id}`,
    eventType,
    actor: requestedBy,
    subjectType: 'tool_execution',
    subjectId: id,
    details: {
      tool,
      risk_level: riskLevel,
      status,
      rollback_of: rollbackOf,
      arguments_digest: digestOf(execution.arguments),
      ...(error === null ? {} : { error }),
    },
  };
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function toExecution(row: Row): ToolExecution {
  return {
    id: row.id,
    tool: row.toolName,
    riskLevel: member(TOOL_RISK_LEVELS, row.riskLevel),
    actionType: member(ACTION_TYPES, row.actionType),
    reversible: row.reversible,
    description: row.description,
    arguments: fromJson(row.arguments),
    requestedBy: row.requestedBy,
    workflowId: row.workflowId,
    status: member(TOOL_STATUSES, row.status),
    result: row.result === null ? null : fromJson(row.result),
    error: row.error,
    rollbackOf: row.rollbackOf,
  };
}
