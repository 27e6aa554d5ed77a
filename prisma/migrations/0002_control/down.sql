-- Deployments, tool executions, keys and outbound events of this version are lost.
ALTER TABLE approval_decisions DROP CONSTRAINT approval_decisions_via_check;
UPDATE approval_decisions SET via = 'cycle' WHERE via = 'mode';
ALTER TABLE approval_decisions
  ADD CONSTRAINT approval_decisions_via_check CHECK (via IN ('update', 'signal', 'policy', 'deadline', 'cycle')),
  DROP COLUMN proven_by;

DROP TABLE webhook_deliveries, outbound_events, approval_proofs, api_keys, canary_runs;

DELETE FROM tool_executions;
ALTER TABLE tool_executions
  DROP CONSTRAINT tool_executions_mode_check,
  DROP CONSTRAINT tool_executions_status_check,
  DROP CONSTRAINT tool_executions_ended_check,
  DROP COLUMN mode,
  DROP COLUMN policy_version,
  DROP COLUMN requested_by,
  DROP COLUMN rollback_of,
  DROP COLUMN workflow_id,
  ALTER COLUMN status DROP DEFAULT;
DROP INDEX tool_executions_started_at_id_idx;

DROP INDEX deployments_open_key, deployments_created_at_id_idx, deployments_channel_state_idx;
DELETE FROM deployments;
ALTER TABLE deployments
  DROP CONSTRAINT deployments_channel_check,
  DROP CONSTRAINT deployments_state_check,
  DROP CONSTRAINT deployments_published_check,
  DROP CONSTRAINT deployments_ended_check,
  DROP COLUMN end_reason,
  DROP COLUMN override_reason,
  DROP COLUMN patch,
  DROP COLUMN patch_version,
  DROP COLUMN published_at,
  DROP COLUMN simulation_id,
  DROP COLUMN target,
  DROP COLUMN watch,
  DROP COLUMN watch_version,
  DROP COLUMN workflow_id,
  ADD COLUMN configuration JSONB NOT NULL,
  ADD COLUMN configuration_version INTEGER NOT NULL DEFAULT 1,
  ALTER COLUMN state DROP DEFAULT;

ALTER TABLE failures DROP COLUMN state_reason, DROP COLUMN state_set_by;
ALTER TABLE approvals DROP COLUMN person_required, DROP COLUMN requested_by;
ALTER TABLE mode_transitions DROP COLUMN approval_id, DROP COLUMN emergency;
ALTER TABLE budgets DROP COLUMN reset_at;
ALTER TABLE budget_periods DROP COLUMN warned_at;
