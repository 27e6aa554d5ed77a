DROP TABLE judge_calibrations;
ALTER TABLE failures DROP COLUMN assessed_by, DROP COLUMN judged_by, DROP COLUMN injection_attempts;
ALTER TABLE experiment_runs
  DROP COLUMN judged_by, DROP COLUMN judgement, DROP COLUMN judgement_version, DROP COLUMN injection_attempts;
ALTER TABLE replay_runs
  DROP COLUMN judged_by, DROP COLUMN judgement, DROP COLUMN judgement_version, DROP COLUMN injection_attempts;
ALTER TABLE canary_runs
  DROP COLUMN judged_by, DROP COLUMN judgement, DROP COLUMN judgement_version, DROP COLUMN injection_attempts;
ALTER TABLE follow_up_runs
  DROP COLUMN judged_by, DROP COLUMN judgement, DROP COLUMN judgement_version, DROP COLUMN injection_attempts;
DELETE FROM llm_calls WHERE cycle_id IS NULL;
ALTER TABLE llm_calls ALTER COLUMN cycle_id SET NOT NULL;
