import type { Pool, PoolClient } from 'pg';
import type { SpanToStore, StoredSpans } from '../ports/trace-store';
import { inTransaction } from './client';
import { SPAN_COLUMNS, spanRow, type StoredSpan } from './trace-rows';
import { storableString } from './trace-values';

/** As many go into one statement as have so many characters. */
const BATCH_CHARACTERS = 16 * 1_024 * 1_024;
/** The shared locks are numbered from 0 to this, a power of two less one. */
const LAST_TURN = 255;

/**
 * Writes spans, each once, by the set: one array a column; and brings their traces up to date, in one transaction. Prisma
 * has no form for that, so that these statements go to the connections directly.
 */
export function saveSpans(pool: Pool, target: string, spans: readonly SpanToStore[]): Promise<StoredSpans> {
  return inTransaction(pool, async (client) => {
    let stored = 0;
    for (const batch of batches(distinct(spans))) stored += await insertSpans(client, batch);
    if (spans.length > 0) {
      await takeTurns(client, spans);
      await bringUpToDate(client, target, spans);
    }
    return { stored, duplicates: spans.length - stored };
  });
}

/** One of each span, the one that has ended, where there is one; in the order of their ids, as everybody writes them. */
function distinct(spans: readonly SpanToStore[]): readonly SpanToStore[] {
  const one = new Map<string, SpanToStore>();
  for (const each of spans) {
    const { traceId, spanId } = each.span;
    const key = `${traceId}${spanId}`;
    const before = one.get(key);
    if (before === undefined || before.span.endTimeUnixNano === null) one.set(key, each);
  }
  return [...one.keys()].toSorted().flatMap((key) => one.get(key) ?? []);
}

function* batches(spans: readonly SpanToStore[]): Generator<readonly StoredSpan[]> {
  let rows: StoredSpan[] = [];
  let characters = 0;
  for (const span of spans) {
    const row = spanRow(span);
    rows.push(row);
    characters += row.attributes.length + row.events.length + row.resource.length;
    if (characters < BATCH_CHARACTERS) continue;
    yield rows;
    [rows, characters] = [[], 0];
  }
  if (rows.length > 0) yield rows;
}

const NAMES = SPAN_COLUMNS.map(({ name }) => name).join(', ');
/** Between coded values, and in place of those that are not there. */
const [SEPARATOR, NOTHING] = ['\u001F', '\u001E'];
/** A column goes as one text where it can: in an array of texts each quote would be escaped, and read back, once more. */
const ARRAYS = SPAN_COLUMNS.map(({ type, coded }, index) =>
  coded ? `string_to_array($${index + 1}, E'\\x1F', E'\\x1E')::${type}[]` : `$${index + 1}::${type}[]`,
).join(', ');

/**
 * Their traces need not be there before the end of the transaction. A span that was stored while it was in progress is
 * replaced by itself at its end.
 */
const INSERT = `
  INSERT INTO spans (${NAMES}) SELECT ${NAMES} FROM unnest(${ARRAYS}) AS r(${NAMES})
  ON CONFLICT (trace_id, span_id) DO UPDATE SET
    parent_span_id = excluded.parent_span_id, name = excluded.name, kind = excluded.kind,
    start_unix_nano = excluded.start_unix_nano, end_unix_nano = excluded.end_unix_nano,
    status_code = excluded.status_code, status_message = excluded.status_message,
    attributes = excluded.attributes, events = excluded.events, links = excluded.links,
    resource = excluded.resource, scope = excluded.scope, model = excluded.model, position = excluded.position
  WHERE spans.end_unix_nano IS NULL AND excluded.end_unix_nano IS NOT NULL`;

/** @returns how many rows were written. */
async function insertSpans(client: PoolClient, rows: readonly StoredSpan[]): Promise<number> {
  const columns = SPAN_COLUMNS.map(({ name, coded }) => {
    const values = rows.map((row) => row[name]);
    return coded ? values.map((value) => value ?? NOTHING).join(SEPARATOR) : values;
  });
  return (await client.query(INSERT, columns)).rowCount ?? 0;
}

const TAKE_TURNS = `
  SELECT pg_advisory_xact_lock(hashtext('traces'), turn)
  FROM (SELECT DISTINCT hashtext(trace_id) & $2::int AS turn FROM unnest($1::text[]) AS trace_id ORDER BY turn) AS turns`;

/**
 * Spans of one trace come from several senders at once: who brings its figures up to date sees what those before have
 * committed. Traces share locks, so that there are never more of them than PostgreSQL has room for.
 */
async function takeTurns(client: PoolClient, spans: readonly SpanToStore[]): Promise<void> {
  await client.query(TAKE_TURNS, [[...new Set(spans.map(({ span }) => span.traceId))], LAST_TURN]);
}

const UPDATE_TRACES = `
  INSERT INTO traces (trace_id, format, target, original_trace_id, service, name, started_at, duration_ms,
    span_count, error_count, models)
  SELECT r.trace_id, r.format, $1, r.original_trace_id, r.service, figures.name,
    to_timestamp(figures.started / 1e9), (figures.ended - figures.started) / 1e6,
    figures.spans, figures.errors, figures.models
  FROM jsonb_to_recordset($2::jsonb)
    AS r(trace_id text, original_trace_id text, service text, format text)
  CROSS JOIN LATERAL (
    SELECT min(start_unix_nano) AS started, max(coalesce(end_unix_nano, start_unix_nano)) AS ended,
      count(*)::int AS spans, (count(*) FILTER (WHERE status_code = 'error'))::int AS errors,
      coalesce(array_agg(DISTINCT model) FILTER (WHERE model IS NOT NULL), '{}') AS models,
      (array_agg(name ORDER BY parent_span_id IS NOT NULL, start_unix_nano, span_id))[1] AS name
    FROM spans WHERE spans.trace_id = r.trace_id) AS figures
  ORDER BY r.trace_id
  ON CONFLICT (trace_id) DO UPDATE SET
    original_trace_id = coalesce(traces.original_trace_id, excluded.original_trace_id),
    service = coalesce(traces.service, excluded.service),
    name = excluded.name, started_at = excluded.started_at, duration_ms = excluded.duration_ms,
    updated_at = CASE WHEN (traces.span_count, traces.error_count, traces.duration_ms)
        IS DISTINCT FROM (excluded.span_count, excluded.error_count, excluded.duration_ms)
      THEN clock_timestamp() ELSE traces.updated_at END,
    assessed_at = CASE WHEN (traces.span_count, traces.error_count, traces.duration_ms)
        IS NOT DISTINCT FROM (excluded.span_count, excluded.error_count, excluded.duration_ms)
      THEN traces.assessed_at END,
    span_count = excluded.span_count, error_count = excluded.error_count, models = excluded.models`;

/** The figures of the traces from all their spans, in the order of their ids: writers do not wait for each other in a circle. */
async function bringUpToDate(
  client: PoolClient,
  target: string,
  spans: readonly SpanToStore[],
): Promise<void> {
  const traces = new Map<
    string,
    { trace_id: string; original_trace_id: string | null; service: string | null; format: string }
  >();
  for (const { span, service } of spans) {
    const before = traces.get(span.traceId);
    traces.set(span.traceId, {
      trace_id: span.traceId,
      original_trace_id: before?.original_trace_id ?? storableOrNull(span.originalTraceId),
      service: before?.service ?? storableOrNull(service),
      format: before?.format ?? span.source.format,
    });
  }
  await client.query(UPDATE_TRACES, [target, JSON.stringify([...traces.values()])]);
}

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storableString(text);
}
