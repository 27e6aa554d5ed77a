ALTER TABLE tool_executions DROP COLUMN action_type, DROP COLUMN reversible, DROP COLUMN description;
