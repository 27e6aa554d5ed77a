-- What came of each time of a schedule; the schedules themselves are Temporal's.
CREATE TABLE schedule_runs (
  id UUID PRIMARY KEY,
  schedule_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  skip_reason TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE INDEX schedule_runs_schedule_id_created_at_idx ON schedule_runs (schedule_id, created_at);
