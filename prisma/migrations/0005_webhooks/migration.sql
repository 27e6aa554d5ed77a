-- CreateTable
CREATE TABLE "webhook_endpoints" (
    "name" TEXT NOT NULL,
    "events" TEXT[],
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_endpoints_pkey" PRIMARY KEY ("name")
);

-- What Prisma does not see.

ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_state_check;
ALTER TABLE webhook_deliveries
  ADD CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('pending', 'delivered', 'failed', 'dropped'));
-- What a dispatcher looks for every second.
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (endpoint, next_attempt_at) WHERE state = 'pending';

-- The members of an object that have these names; others are left out.
CREATE FUNCTION members_named(object jsonb, VARIADIC names text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(jsonb_object_agg(name, object -> name), '{}') FROM unnest(names) AS name WHERE object ? name
$$;

-- A text as an id; null for one that is none. Nothing that stands in an audit row may make its writer fail.
CREATE FUNCTION uuid_or_null(id text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN id::uuid END
$$;

-- Puts an event into the outbox, once, with a delivery for each endpoint that asks for its type.
CREATE FUNCTION tell_outside(event_key text, event_type text, event_at timestamptz, event_data jsonb) RETURNS void
LANGUAGE sql AS $$
  WITH told AS (
    INSERT INTO outbound_events (id, key, type, data, occurred_at)
      VALUES (gen_random_uuid(), event_key, event_type, jsonb_strip_nulls(event_data), event_at)
      ON CONFLICT (key) DO NOTHING
      RETURNING id, type
  )
  INSERT INTO webhook_deliveries (event_id, endpoint)
    SELECT told.id, e.name FROM told JOIN webhook_endpoints e ON told.type = ANY (e.events)
    WHERE e.retired_at IS NULL
$$;

-- What an approval asks for, without what the action is done with.
CREATE FUNCTION approval_outside(a approvals) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'approval_id', a.id, 'cycle_id', a.cycle_id, 'action_type', a.action_type, 'severity', a.severity,
    'description', left(a.action_description, 1000), 'mode', a.mode, 'requested_by', a.requested_by,
    'deadline_at', to_char(a.deadline_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'links', jsonb_build_object('approval', '/approvals/' || a.id))
$$;

-- Tells outside what an audit entry is about, in the transaction that wrote the entry. Answers of the policy itself, and
-- requests that it answers at once, are told to nobody: no person is asked.
CREATE FUNCTION audit_logs_tell_outside() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  subject uuid := uuid_or_null(NEW.subject_id);
BEGIN
  CASE NEW.event_type
    WHEN 'failures_discovered' THEN
      PERFORM tell_outside(NEW.key || '/' || f.id, 'failure.discovered', NEW.created_at, jsonb_build_object(
        'failure_id', f.id, 'cycle_id', f.cycle_id, 'target', f.target, 'failure_class', f.failure_class,
        'failure_type', f.failure_type, 'severity', f.severity, 'novelty', f.novelty,
        'description', left(f.description, 1000), 'links', jsonb_build_object('failure', '/failures/' || f.id)))
      FROM failures f
      WHERE f.id IN (SELECT uuid_or_null(id #>> '{}') FROM jsonb_path_query(NEW.details, 'lax $.failures[*].id') AS id)
      ORDER BY f.id;
    WHEN 'approval_requested' THEN
      PERFORM tell_outside(NEW.key, 'approval.requested', NEW.created_at, approval_outside(a))
      FROM approvals a WHERE a.id = subject AND a.state = 'pending';
    WHEN 'approval_reminder', 'approval_escalated' THEN
      PERFORM tell_outside(NEW.key, replace(NEW.event_type, '_', '.'), NEW.created_at, approval_outside(a))
      FROM approvals a WHERE a.id = subject;
    WHEN 'approval_decision' THEN
      IF NEW.details ->> 'via' IS DISTINCT FROM 'policy' THEN
        PERFORM tell_outside(NEW.key, 'approval.decided', NEW.created_at, approval_outside(a)
          || members_named(NEW.details, 'decision', 'decided_by', 'proven_by', 'via', 'reason'))
        FROM approvals a WHERE a.id = subject;
      END IF;
    WHEN 'action_blocked' THEN
      PERFORM tell_outside(NEW.key, 'action.blocked', NEW.created_at,
        jsonb_build_object('subject_type', NEW.subject_type, 'subject_id', NEW.subject_id) || members_named(NEW.details,
          'cycle_id', 'action_type', 'severity', 'mode', 'description', 'reason', 'requested_by', 'workflow_id'));
    WHEN 'cycle_ended' THEN
      PERFORM tell_outside(NEW.key, 'cycle.completed', NEW.created_at,
        jsonb_build_object('cycle_id', c.id, 'focus', c.focus, 'target', c.target,
          'failures', (SELECT count(*) FROM failures f WHERE f.cycle_id = c.id),
          'links', jsonb_build_object('cycle', '/research/cycles/' || c.id))
        || members_named(NEW.details, 'state', 'phase'))
      FROM research_cycles c WHERE c.id = subject;
    WHEN 'mode_transition' THEN
      PERFORM tell_outside(NEW.key, 'mode.changed', NEW.created_at,
        members_named(NEW.details, 'from_mode', 'to_mode', 'version', 'reason', 'approval_id', 'emergency')
        || jsonb_build_object('requested_by', NEW.actor, 'links', jsonb_build_object('mode', '/mode')));
    WHEN 'budget_warning' THEN
      PERFORM tell_outside(NEW.key, 'budget.warning', NEW.created_at,
        members_named(NEW.details, 'scope', 'period', 'period_start', 'limit_usd', 'warn_threshold', 'settled_usd', 'reserved_usd')
        || jsonb_build_object('links', jsonb_build_object('budget', '/budget')));
    WHEN 'intervention_deployed', 'intervention_rolled_back' THEN
      PERFORM tell_outside(NEW.key, replace(NEW.event_type, 'intervention_', 'intervention.'), NEW.created_at,
        members_named(NEW.details, 'deployment_id', 'intervention_id', 'simulation_id', 'channel', 'target', 'type',
          'watched_until', 'was', 'reason')
        || jsonb_build_object('by', NEW.actor, 'links', jsonb_build_object(
          'intervention', '/interventions/' || (NEW.details ->> 'intervention_id'),
          'deployment', '/deployments/' || (NEW.details ->> 'deployment_id'))));
  END CASE;
  RETURN NULL;
END
$$;

CREATE TRIGGER audit_logs_tell_outside AFTER INSERT ON audit_logs
  FOR EACH ROW
  WHEN (NEW.event_type IN (
    'failures_discovered', 'approval_requested', 'approval_reminder', 'approval_escalated', 'approval_decision',
    'action_blocked', 'cycle_ended', 'mode_transition', 'budget_warning', 'intervention_deployed',
    'intervention_rolled_back'))
  EXECUTE FUNCTION audit_logs_tell_outside();
