DROP TABLE trace_upload_chunks;
DROP TABLE trace_uploads;
DROP TABLE trace_exposures;
DROP TABLE trace_signals;
DELETE FROM spans;
DELETE FROM traces;
ALTER TABLE spans DROP CONSTRAINT spans_trace_id_fkey,
  ADD CONSTRAINT spans_trace_id_fkey FOREIGN KEY (trace_id) REFERENCES traces (trace_id)
    ON DELETE RESTRICT ON UPDATE CASCADE,
  DROP CONSTRAINT spans_status_check,
  DROP CONSTRAINT spans_kind_check,
  DROP COLUMN position,
  DROP COLUMN format,
  DROP COLUMN model,
  DROP COLUMN trace_state,
  DROP COLUMN scope,
  DROP COLUMN original_span_id;
DROP INDEX traces_unassessed_idx;
DROP INDEX traces_updated_at_idx;
DROP INDEX traces_started_at_trace_id_idx;
ALTER TABLE traces
  DROP COLUMN assessed_at,
  DROP COLUMN updated_at,
  DROP COLUMN models,
  DROP COLUMN error_count,
  DROP COLUMN span_count,
  DROP COLUMN duration_ms,
  DROP COLUMN started_at,
  DROP COLUMN service,
  DROP COLUMN name,
  DROP COLUMN original_trace_id,
  DROP COLUMN target;
