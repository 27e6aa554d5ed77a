import { z } from 'zod';
import { DomainError } from '../../domain/errors';
import { TRACE_FORMATS } from '../../domain/trace';
import { SIGNAL_KINDS } from '../../domain/trace-signal';
import type { IntakeSummary } from '../../ports/trace-intake';
import type { ApiDeps } from '../deps';
import { exportAnswer, statusAnswer, type OtlpAnswer } from '../otlp-answer';
import { HttpProblem } from '../problem';
import { TraceDetail, TraceList, TraceSummary, TraceUpload } from '../trace-resources';
import { defineRoute, type Reply, type Route } from '../route';
import { IdParams, text, timestamp } from '../schemas';

/** As collectors have it; what is larger is to be sent to /traces/ingest. */
const OTLP_MAX_BYTES = 64 * 1_024 * 1_024;
/** What a small body may grow to. */
const OTLP_MAX_DECOMPRESSED = 256 * 1_024 * 1_024;
const UPLOAD_MAX_BYTES = 64 * 1_024 * 1_024 * 1_024;
/** Requests that are read and stored at once: each holds some megabytes. */
const AT_ONCE = 8;
const INVALID_ARGUMENT = 3;

const targetName = text(200)
  .optional()
  .describe('The application that they are of, else the default target.');
const ListQuery = z.strictObject({
  target: text(200).optional(),
  service: text(500).optional(),
  model: text(500).optional(),
  format: z.enum(TRACE_FORMATS).optional(),
  has_errors: z.enum(['true', 'false']).optional(),
  signal: z.enum(SIGNAL_KINDS).optional(),
  since: timestamp.optional().describe('Traces that began then or later.'),
  until: timestamp.optional().describe('Traces that began before.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
const TraceParams = z.object({
  id: z
    .string()
    .toLowerCase()
    .regex(/^[0-9a-f]{32}$/, 'is not 32 hex digits'),
});

/** Traces in and out. */
export function traceRoutes(deps: ApiDeps): readonly Route[] {
  const slots = new Slots(AT_ONCE);
  return [
    otlpRoute(deps, slots),
    ingestRoute(deps, slots),
    uploadRoute(deps),
    listRoute(deps),
    traceRoute(deps),
  ];
}

function otlpRoute({ traces: { intake }, targets, defaultTarget }: ApiDeps, slots: Slots): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/traces',
    tag: 'traces',
    access: 'operator',
    summary: 'Takes spans from any OpenTelemetry exporter (OTLP/HTTP), and answers in kind.',
    query: z.strictObject({ target: targetName }),
    headers: z.object({ 'content-type': z.string().default('application/json') }),
    upload: {
      description: 'An ExportTraceServiceRequest, also compressed with gzip or zstd.',
      contentTypes: ['application/x-protobuf', 'application/json'],
      maxBytes: OTLP_MAX_BYTES,
    },
    responses: {
      200: {
        description: 'Stored; `partialSuccess` says how many spans were not.',
        contentType: 'application/json or application/x-protobuf',
      },
      400: {
        description: 'It is no OTLP; a google.rpc.Status says why.',
        contentType: 'application/json or application/x-protobuf',
      },
    },
    problems: {
      413: 'It is too large.',
      415: 'It is neither JSON nor protobuf.',
      503: 'Too much is being taken in; try again.',
    },
    handler: async ({ query, headers, stream }) => {
      const isProtobuf = encodingOf(headers['content-type']) === 'protobuf';
      const target = knownTarget(targets, query.target ?? defaultTarget);
      const encoding = isProtobuf ? 'protobuf' : 'json';
      const summary = await slots.with(() =>
        intake.receive(stream, { target, format: 'otlp', encoding, maxBytes: OTLP_MAX_DECOMPRESSED }),
      );
      if (summary.spans === 0 && summary.rejected_count > 0) {
        return answered(
          400,
          statusAnswer(isProtobuf, INVALID_ARGUMENT, summary.reason ?? 'It holds no spans.'),
        );
      }
      return answered(200, exportAnswer(isProtobuf, rejectionsOf(summary)));
    },
  });
}

function answered(status: number, { contentType, body }: OtlpAnswer): Reply {
  return { status, body, headers: { 'Content-Type': contentType } };
}

function encodingOf(contentType: string): 'json' | 'protobuf' {
  const [type = ''] = contentType.toLowerCase().split(';');
  if (type.trim() === 'application/x-protobuf' || type.trim() === 'application/protobuf') return 'protobuf';
  if (type.trim() === 'application/json') return 'json';
  throw new HttpProblem(
    415,
    'unsupported_media_type',
    'OTLP is application/x-protobuf or application/json.',
    {
      headers: { Accept: 'application/x-protobuf, application/json' },
    },
  );
}

function rejectionsOf({ rejected, rejected_count: spans }: IntakeSummary): {
  readonly spans: number;
  readonly message: string;
} {
  const [first] = rejected;
  return { spans, message: first === undefined ? '' : `${first.position}: ${first.reason}` };
}

function ingestRoute({ traces: { uploads }, targets, defaultTarget }: ApiDeps, slots: Slots): Route {
  return defineRoute({
    method: 'POST',
    path: '/traces/ingest',
    tag: 'traces',
    access: 'operator',
    summary: 'Takes traces in any format, told by what they are; what is large is read by a workflow.',
    query: z.strictObject({
      target: targetName,
      format: z.enum(TRACE_FORMATS).optional().describe('What they are in, instead of telling it.'),
    }),
    upload: {
      description:
        'OTLP, Datadog, X-Ray, Langfuse, OpenInference or JSON; also compressed with gzip or zstd.',
      contentTypes: [
        'application/octet-stream',
        'application/json',
        'application/x-ndjson',
        'application/x-protobuf',
      ],
      maxBytes: UPLOAD_MAX_BYTES,
    },
    responses: {
      200: { description: 'Read and stored.', schema: TraceSummary },
      202: {
        description: 'Kept, and being read by a workflow.',
        schema: TraceUpload,
        headers: { Location: 'Where its state is.' },
      },
    },
    problems: {
      413: 'It is too large.',
      422: 'No span could be read; `details` says what was refused.',
      503: 'Too much is being taken in; try again.',
    },
    handler: async ({ query, stream, principal }) => {
      const target = knownTarget(targets, query.target ?? defaultTarget);
      const options = {
        target,
        requestedBy: principal.name,
        ...(query.format === undefined ? {} : { format: query.format }),
      };
      const outcome = await slots.with(() => uploads.take(stream, options));
      if (outcome.kind === 'kept') {
        const { upload } = outcome;
        return {
          status: 202,
          body: upload,
          headers: { Location: `/traces/uploads/${String(upload['id'])}` },
        };
      }
      const { summary } = outcome;
      if (summary.spans > 0) return { status: 200, body: summary };
      throw new HttpProblem(422, 'unreadable_traces', summary.reason ?? 'It holds no spans.', {
        members: { details: summary },
      });
    },
  });
}

function uploadRoute({ traces: { uploads } }: ApiDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/traces/uploads/:id',
    tag: 'traces',
    access: 'viewer',
    summary: 'How far an upload has been read, and what it held.',
    params: IdParams,
    responses: { 200: { description: 'The upload.', schema: TraceUpload } },
    problems: { 404: 'There is no such upload.' },
    handler: async ({ params }) => {
      const upload = await uploads.get(params.id);
      if (upload === undefined) throw new DomainError('not_found', `there is no upload ${params.id}`);
      return { status: 200, body: upload };
    },
  });
}

function listRoute({ traces: { records } }: ApiDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/traces',
    tag: 'traces',
    access: 'viewer',
    summary: 'Lists traces, the latest first.',
    query: ListQuery,
    responses: { 200: { description: 'A page.', schema: TraceList } },
    handler: async ({ query: { limit, cursor, has_errors: hasErrors, since, until, ...filter } }) => {
      const { items, nextCursor } = await records.list(
        {
          ...filter,
          hasErrors: hasErrors === undefined ? undefined : hasErrors === 'true',
          since: since === undefined ? undefined : new Date(since),
          until: until === undefined ? undefined : new Date(until),
        },
        { limit, cursor },
      );
      return { status: 200, body: { items, next_cursor: nextCursor } };
    },
  });
}

function traceRoute({ traces: { records } }: ApiDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/traces/:id',
    tag: 'traces',
    access: 'viewer',
    summary: 'One trace: its spans as a tree in reading order, its signals, related failures.',
    params: TraceParams,
    responses: { 200: { description: 'The trace.', schema: TraceDetail } },
    problems: { 404: 'There is no such trace.' },
    handler: async ({ params }) => {
      const trace = await records.get(params.id);
      if (trace === undefined) throw new DomainError('not_found', `there is no trace ${params.id}`);
      return { status: 200, body: trace };
    },
  });
}

/** @throws {DomainError} `unknown_target`. */
function knownTarget(targets: ApiDeps['targets'], name: string): string {
  targets.get(name);
  return name;
}

/** Refuses what would be one too many, so that memory stays bounded whoever sends. */
class Slots {
  private taken = 0;

  constructor(private readonly limit: number) {}

  async with<T>(work: () => Promise<T>): Promise<T> {
    if (this.taken >= this.limit) {
      throw new HttpProblem(
        503,
        'not_ready',
        `${this.limit} requests with traces are being taken in; try again.`,
        {
          headers: { 'Retry-After': '1' },
        },
      );
    }
    this.taken += 1;
    try {
      return await work();
    } finally {
      this.taken -= 1;
    }
  }
}
