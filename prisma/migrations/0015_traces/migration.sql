-- Traces of applications, as they were received: nothing has been stored in these tables before.
ALTER TABLE traces
  ADD COLUMN target TEXT NOT NULL,
  ADD COLUMN original_trace_id TEXT,
  ADD COLUMN name TEXT NOT NULL,
  ADD COLUMN service TEXT,
  ADD COLUMN started_at TIMESTAMPTZ(3) NOT NULL,
  ADD COLUMN duration_ms DOUBLE PRECISION,
  ADD COLUMN span_count INTEGER NOT NULL,
  ADD COLUMN error_count INTEGER NOT NULL,
  ADD COLUMN models TEXT[] NOT NULL,
  ADD COLUMN updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  ADD COLUMN assessed_at TIMESTAMPTZ(3);
CREATE INDEX traces_started_at_trace_id_idx ON traces (started_at DESC, trace_id DESC);
CREATE INDEX traces_updated_at_idx ON traces (updated_at);
CREATE INDEX traces_unassessed_idx ON traces (updated_at) WHERE assessed_at IS NULL;

ALTER TABLE spans
  ADD COLUMN original_span_id TEXT,
  ADD COLUMN scope JSONB,
  ADD COLUMN trace_state TEXT,
  ADD COLUMN model TEXT,
  ADD COLUMN format TEXT NOT NULL,
  ADD COLUMN position TEXT NOT NULL,
  ADD CONSTRAINT spans_kind_check CHECK (kind IN ('unspecified', 'internal', 'server', 'client', 'producer', 'consumer')),
  ADD CONSTRAINT spans_status_check CHECK (status_code IN ('unset', 'ok', 'error'));
-- Nothing but whole traces is deleted, when they are too old.
ALTER TABLE spans DROP CONSTRAINT spans_trace_id_fkey,
  ADD CONSTRAINT spans_trace_id_fkey FOREIGN KEY (trace_id) REFERENCES traces (trace_id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE trace_signals (
  trace_id TEXT NOT NULL REFERENCES traces (trace_id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  kind TEXT NOT NULL,
  failure_type TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('S0', 'S1', 'S2', 'S3', 'S4')),
  span_id TEXT NOT NULL,
  trigger TEXT NOT NULL,
  scope TEXT NOT NULL,
  explanation TEXT NOT NULL,
  evidence JSONB NOT NULL CHECK (jsonb_array_length(evidence) > 0),
  oracle JSONB,
  PRIMARY KEY (trace_id, ordinal)
);
CREATE INDEX trace_signals_kind_idx ON trace_signals (kind);

-- Where which signals could have occurred: a share of traces is a share of those.
CREATE TABLE trace_exposures (
  trace_id TEXT NOT NULL REFERENCES traces (trace_id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  PRIMARY KEY (trace_id, kind, scope)
);

-- What was sent and is too large to be read while the sender waits: kept whole until it has been read.
CREATE TABLE trace_uploads (
  id UUID PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('receiving', 'reading', 'done', 'failed')),
  target TEXT NOT NULL,
  format TEXT,
  requested_by TEXT NOT NULL,
  bytes BIGINT NOT NULL DEFAULT 0,
  spans_read BIGINT NOT NULL DEFAULT 0,
  summary JSONB,
  error TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  ended_at TIMESTAMPTZ(3)
);
CREATE TABLE trace_upload_chunks (
  upload_id UUID NOT NULL REFERENCES trace_uploads (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (upload_id, ordinal)
);
