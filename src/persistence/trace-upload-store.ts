import { DomainError } from '../domain/errors';
import { TRACE_FORMATS } from '../domain/trace';
import type { ApiRecord } from '../ports/records';
import { NOTHING_TAKEN, type IntakeFigures, type IntakeSummary } from '../ports/trace-intake';
import type { StoredUpload, TraceUploadStore } from '../ports/trace-uploads';
import type { PrismaClient } from './client';
import { fromJson, member, storableInput, storableText } from './columns';
import type { TraceUpload } from './generated/client';

const STATES = ['receiving', 'reading', 'done', 'failed'] as const;

/** The workflow that reads an upload. */
function ingestWorkflowId(uploadId: string): string {
  return `ingest-${uploadId}`;
}

export function createTraceUploadStore(prisma: PrismaClient): TraceUploadStore {
  const end = (id: string, state: 'done' | 'failed', data: object): Promise<unknown> =>
    prisma.$transaction([
      prisma.traceUpload.updateMany({
        where: { id, state: { in: ['receiving', 'reading'] } },
        data: { ...data, state, endedAt: new Date() },
      }),
      prisma.traceUploadChunk.deleteMany({ where: { uploadId: id } }),
    ]);
  return {
    async begin(id, { target, requestedBy, format = null }) {
      await prisma.traceUpload.create({
        data: { id, state: 'receiving', target, format, requestedBy: storableText(requestedBy) },
      });
    },

    append: (id, ordinal, data) => append(prisma, id, ordinal, data),

    async received(id) {
      await prisma.traceUpload.updateMany({ where: { id, state: 'receiving' }, data: { state: 'reading' } });
    },

    async get(id) {
      const row = await prisma.traceUpload.findUnique({ where: { id } });
      if (row === null) throw new DomainError('not_found', `there is no upload ${id}`);
      return toUpload(row);
    },

    async show(id) {
      const row = await prisma.traceUpload.findUnique({ where: { id } });
      return row === null ? undefined : presented(row);
    },

    async *data(uploadId) {
      for (let ordinal = 0; ; ordinal += 1) {
        const chunk = await prisma.traceUploadChunk.findUnique({
          where: { uploadId_ordinal: { uploadId, ordinal } },
        });
        if (chunk === null) return;
        yield chunk.data;
      }
    },

    async progress(id, figures) {
      const summary = storableInput(figures) ?? {};
      await prisma.traceUpload.updateMany({
        where: { id, state: 'reading' },
        data: { spansRead: figures.seen, summary },
      });
    },

    async done(id, summary) {
      await end(id, 'done', { summary: storableInput(summary), spansRead: summary.spans });
    },

    async fail(id, error) {
      await end(id, 'failed', { error: storableText(error) });
    },

    async forgetBroken(before) {
      const { count } = await prisma.traceUpload.deleteMany({
        where: { state: 'receiving', createdAt: { lt: before } },
      });
      return count;
    },
  };
}

/** One statement: a transaction of several would wait for its turn when there is much to do. */
async function append(prisma: PrismaClient, id: string, ordinal: number, data: Uint8Array): Promise<void> {
  await prisma.$executeRaw`
    WITH chunk AS (
      INSERT INTO trace_upload_chunks (upload_id, ordinal, data)
      VALUES (${id}::uuid, ${ordinal}, ${Uint8Array.from(data)})
    )
    UPDATE trace_uploads SET bytes = bytes + ${data.length} WHERE id = ${id}::uuid`;
}

function toUpload(row: TraceUpload): StoredUpload {
  return {
    id: row.id,
    state: member(STATES, row.state),
    target: row.target,
    requestedBy: row.requestedBy,
    ...(row.format === null ? {} : { format: member(TRACE_FORMATS, row.format) }),
    figures:
      row.state === 'reading' && row.summary !== null ? fromJson<IntakeFigures>(row.summary) : NOTHING_TAKEN,
  };
}

function presented(row: TraceUpload): ApiRecord {
  return {
    id: row.id,
    state: row.state,
    target: row.target,
    format: row.format,
    bytes: Number(row.bytes),
    spans_read: Number(row.spansRead),
    summary: row.state === 'done' && row.summary !== null ? fromJson<IntakeSummary>(row.summary) : null,
    error: row.error,
    workflow_id: ingestWorkflowId(row.id),
    created_at: row.createdAt.toISOString(),
    ended_at: row.endedAt?.toISOString() ?? null,
  };
}
