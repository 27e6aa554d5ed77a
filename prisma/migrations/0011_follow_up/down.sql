DROP TABLE follow_up_runs, follow_ups;
ALTER TABLE experiments DROP COLUMN stopped_early, DROP COLUMN stopped_early_version;
