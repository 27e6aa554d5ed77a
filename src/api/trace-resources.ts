import { z } from 'zod';
import { INJECTION_KINDS } from '../domain/injection-attempts';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_TYPES } from '../domain/taxonomy';
import { SPAN_KINDS, SPAN_STATUSES, TRACE_FORMATS } from '../domain/trace';
import { SIGNAL_KINDS } from '../domain/trace-signal';

const Attributes = z.record(z.string(), z.unknown()).describe('Integers beyond 2^53 are text, bytes base64.');
const nanoseconds = z
  .string()
  .regex(/^-?\d+$/)
  .describe('Nanoseconds since 1970.');

const trace = {
  trace_id: z.string(),
  original_trace_id: z.string().nullable().describe('As the source wrote it, where that is something else.'),
  target: z.string(),
  format: z.enum(TRACE_FORMATS),
  name: z.string(),
  service: z.string().nullable(),
  started_at: z.iso.datetime(),
  duration_ms: z.number().nullable(),
  span_count: z.int(),
  error_count: z.int(),
  models: z.array(z.string()),
  ingested_at: z.iso.datetime(),
};

export const TraceList = z
  .object({
    items: z.array(z.object({ ...trace, signals: z.array(z.enum(SIGNAL_KINDS)) })),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'TraceList' });

const TraceSpan = z.object({
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  original_span_id: z.string().nullable(),
  depth: z.int().describe('Below how many of the spans shown it stands.'),
  name: z.string(),
  kind: z.enum(SPAN_KINDS),
  start_time_unix_nano: nanoseconds,
  end_time_unix_nano: nanoseconds.nullable().describe('Null while it is in progress.'),
  status: z.enum(SPAN_STATUSES),
  status_message: z.string(),
  attributes: Attributes,
  events: z.array(
    z.object({ name: z.string(), time_unix_nano: nanoseconds.nullable(), attributes: Attributes }),
  ),
  links: z.array(z.object({ trace_id: z.string(), span_id: z.string(), attributes: Attributes })),
  resource: z.object({ attributes: Attributes }),
  scope: z.looseObject({ name: z.string(), version: z.string().nullable() }).nullable(),
  trace_state: z.string().nullable(),
  source: z.object({ format: z.enum(TRACE_FORMATS), position: z.string() }),
});

const Signal = z.object({
  kind: z.enum(SIGNAL_KINDS),
  failure_type: z.enum(FAILURE_TYPES),
  severity: z.enum(SEVERITIES),
  span_id: z.string(),
  trigger: z.string(),
  explanation: z.string(),
  evidence: z
    .array(
      z.looseObject({ spanId: z.string(), where: z.string(), quote: z.string(), explanation: z.string() }),
    )
    .min(1),
});

export const TraceDetail = z
  .object({
    ...trace,
    assessed: z.boolean().describe('Whether its signals have been looked for since its last span.'),
    spans: z.array(TraceSpan),
    spans_shown: z.int(),
    signals: z.array(Signal),
    injection_attempts: z
      .array(
        z.looseObject({
          kind: z.enum(INJECTION_KINDS),
          span_id: z.string(),
          where: z.string(),
          quote: z.string(),
        }),
      )
      .describe('What in it tells a judge or the researcher what to conclude; it changes no signal.'),
    related_failures: z.array(
      z.object({
        id: z.guid(),
        failure_type: z.enum(FAILURE_TYPES),
        trigger: z.string(),
        severity: z.enum(SEVERITIES),
        state: z.string(),
        same_trigger: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'Trace' });

const summary = {
  format: z.enum(TRACE_FORMATS).nullable(),
  confidence: z.number().min(0).max(1),
  why: z.array(z.string()),
  traces: z.int(),
  spans: z.int(),
  error_spans: z.int(),
  rejected: z.array(z.object({ position: z.string(), reason: z.string() })).describe('The first hundred.'),
  rejected_count: z.int(),
  reason: z.string().optional().describe('Why there are no spans.'),
  gen_ai: z.object({
    models: z.array(z.string()),
    input_tokens: z.number(),
    output_tokens: z.number(),
    tool_calls: z.number(),
  }),
  stored: z.int(),
  duplicates: z.int().describe('Were there already.'),
  not_sampled: z.int().describe('Left out by the sample rate of shadow mode.'),
  redacted: z.record(z.string(), z.int()).describe('How often each rule of redaction found something.'),
};

export const TraceSummary = z.object(summary).meta({ id: 'TraceSummary' });

export const TraceUpload = z
  .object({
    id: z.guid(),
    state: z.enum(['receiving', 'reading', 'done', 'failed']),
    target: z.string(),
    format: z.enum(TRACE_FORMATS).nullable(),
    bytes: z.int(),
    spans_read: z.int(),
    summary: z.object(summary).nullable(),
    error: z.string().nullable(),
    workflow_id: z.string(),
    created_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'TraceUpload' });
