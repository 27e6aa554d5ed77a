import { randomUUID } from 'node:crypto';
import { DomainError } from '../domain/errors';
import { MODES } from '../domain/mode';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, storableJson, storableText, storableTextOrNull } from './columns';
import { closeCycle } from './cycle-close';
import { advancePhase } from './cycle-phase';
import { readProgress } from './cycle-progress';
import type { CyclePhase, CycleRequest } from '../domain/cycle';
import type { CycleRecord, CycleStore } from '../ports/stores';
import type { PrismaClient } from './client';
import type { ResearchCycle } from './generated/client';

export function createCycleStore(prisma: PrismaClient): CycleStore {
  const find = async (cycleId: string): Promise<CycleRecord | undefined> => {
    const row = await prisma.researchCycle.findUnique({ where: { id: cycleId } });
    return row === null ? undefined : toRecord(row);
  };
  return {
    open: (input) => openCycle(prisma, find, input),
    find,
    async get(cycleId) {
      return (await find(cycleId)) ?? unknownCycle(cycleId);
    },
    async progress(cycleId) {
      return (await readProgress(prisma, cycleId)) ?? unknownCycle(cycleId);
    },
    setPaused: (cycleId, paused) => setPaused(prisma, cycleId, paused),
    enterPhase: (cycleId: string, phase: CyclePhase) => advancePhase(prisma, { id: cycleId }, phase),
    close: (cycleId, state, phase, error) => closeCycle(prisma, { cycleId, state, phase, error }),
  };
}

function unknownCycle(cycleId: string): never {
  throw new DomainError('not_found', `there is no cycle ${cycleId}`);
}

/** The API and the workflow both open the cycle: the later one finds it and changes nothing. */
async function openCycle(
  prisma: PrismaClient,
  find: (cycleId: string) => Promise<CycleRecord | undefined>,
  input: Parameters<CycleStore['open']>[0],
): Promise<CycleRecord> {
  const existing = await find(input.cycleId);
  if (existing !== undefined) return existing;
  const requestedBy = storableText(input.requestedBy);
  const request = { ...input.request, focus: storableTextOrNull(input.request.focus) };
  const opened = await prisma.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<{ start_mode: string; created_at: Date }[]>`
      INSERT INTO research_cycles (id, workflow_id, focus, target, request, request_hash, requested_by, researcher,
        researcher_version, start_mode)
      SELECT ${input.cycleId}::uuid, ${input.workflowId}, ${request.focus},
        ${request.target}, ${storableJson(request)}::jsonb, ${input.requestHash},
        ${requestedBy}, ${input.researcher}, ${input.researcherVersion}, m.mode
      FROM mode_state m WHERE m.id = 1
      ON CONFLICT DO NOTHING
      RETURNING start_mode, created_at`;
    if (row === undefined) return undefined;
    await appendInTransaction(tx, [
      {
        key: `cycle_opened/${input.cycleId}`,
        eventType: 'cycle_opened',
        actor: requestedBy,
        subjectType: 'cycle',
        subjectId: input.cycleId,
        details: { workflow_id: input.workflowId, mode: row.start_mode, request },
      },
    ]);
    return row;
  });
  if (opened !== undefined) {
    const { workflowId, requestHash, researcher, researcherVersion } = input;
    return {
      id: input.cycleId,
      workflowId,
      request,
      requestHash,
      requestedBy,
      researcher,
      researcherVersion,
      state: 'running',
      startMode: member(MODES, opened.start_mode),
      createdAt: opened.created_at,
    };
  }
  const openedMeanwhile = await find(input.cycleId);
  if (openedMeanwhile !== undefined) return openedMeanwhile;
  throw new DomainError('not_ready', 'no mode is in force yet, so that no cycle can start');
}

/** Pausing has no natural key; the change of the column is what happens once. */
async function setPaused(prisma: PrismaClient, cycleId: string, paused: boolean): Promise<void> {
  await prisma.$transaction(async (tx) => {
    const { count } = await tx.researchCycle.updateMany({
      where: { id: cycleId, state: 'running', paused: !paused },
      data: { paused },
    });
    if (count === 0) return;
    const eventType = paused ? 'cycle_paused' : 'cycle_resumed';
    await appendInTransaction(tx, [
      {
        key: `${eventType}/${cycleId}/${randomUUID()}`,
        eventType,
        actor: 'workflow',
        subjectType: 'cycle',
        subjectId: cycleId,
        details: {},
      },
    ]);
  });
}

function toRecord(row: ResearchCycle): CycleRecord {
  return {
    id: row.id,
    workflowId: row.workflowId,
    request: fromJson<CycleRequest>(row.request),
    requestHash: row.requestHash,
    requestedBy: row.requestedBy,
    researcher: row.researcher,
    researcherVersion: row.researcherVersion,
    state: row.state,
    startMode: member(MODES, row.startMode),
    createdAt: row.createdAt,
  };
}
