DROP TRIGGER audit_logs_tell_outside ON audit_logs;
DROP FUNCTION audit_logs_tell_outside(), approval_outside(approvals), tell_outside(text, text, timestamptz, jsonb),
  uuid_or_null(text), members_named(jsonb, text[]);
DROP INDEX webhook_deliveries_due_idx;
UPDATE webhook_deliveries SET state = 'failed' WHERE state = 'dropped';
ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_state_check;
ALTER TABLE webhook_deliveries
  ADD CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('pending', 'delivered', 'failed'));

-- DropTable
DROP TABLE "webhook_endpoints";
