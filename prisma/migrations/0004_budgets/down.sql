-- Costs of sources that a program named itself are taken for the researcher's.
UPDATE cost_ledger SET source = 'researcher' WHERE source NOT IN ('researcher', 'target', 'judge');
ALTER TABLE cost_ledger DROP CONSTRAINT cost_ledger_source_check;
ALTER TABLE cost_ledger ADD CONSTRAINT cost_ledger_source_check CHECK (source IN ('researcher', 'target', 'judge'));
UPDATE budgets SET warn_threshold = 0.8 WHERE warn_threshold IS NULL;
ALTER TABLE budgets ALTER COLUMN warn_threshold SET NOT NULL;
DROP INDEX cost_ledger_created_at_idx, budget_periods_overrun_idx;
DROP FUNCTION budget_warn(uuid[], timestamptz[]), budget_warns_at(float8, bigint),
  budget_period_start(text, timestamptz, timestamptz, timestamptz);

CREATE FUNCTION budget_period_start(period text, at timestamptz, session_start timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE period
    WHEN 'hourly' THEN date_trunc('hour', at, 'UTC')
    WHEN 'daily' THEN date_trunc('day', at, 'UTC')
    WHEN 'weekly' THEN date_trunc('week', at, 'UTC')
    WHEN 'monthly' THEN date_trunc('month', at, 'UTC')
    WHEN 'session' THEN session_start
    WHEN 'unlimited' THEN to_timestamp(0)
  END
$$;

CREATE OR REPLACE FUNCTION ledger_settle(settlements jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM budget_periods p
    WHERE (p.budget_id, p.period_start) IN (
      SELECT c.budget_id, c.period_start
      FROM jsonb_to_recordset(settlements) AS s(key text)
      JOIN cost_ledger e ON e.key = s.key
      JOIN cost_ledger_charges c ON c.entry_id = e.id
    )
    ORDER BY p.budget_id, p.period_start FOR UPDATE;

  WITH bill AS (
    SELECT DISTINCT ON (key) key, outcome, amount, input_tokens, output_tokens
    FROM jsonb_to_recordset(settlements)
      AS s(key text, outcome text, amount bigint, input_tokens int, output_tokens int)
    ORDER BY key
  ), done AS (
    UPDATE cost_ledger e
    SET state = bill.outcome,
        settled_micro_usd = CASE bill.outcome
          WHEN 'settled' THEN bill.amount WHEN 'released' THEN 0 ELSE e.reserved_micro_usd
        END,
        input_tokens = bill.input_tokens,
        output_tokens = bill.output_tokens,
        settled_at = clock_timestamp()
    FROM bill
    WHERE e.key = bill.key AND e.state = 'reserved'
    RETURNING e.id, e.reserved_micro_usd, e.settled_micro_usd
  ), total AS (
    SELECT c.budget_id, c.period_start, sum(done.reserved_micro_usd) AS reserved, sum(done.settled_micro_usd) AS settled,
           bool_or(done.settled_micro_usd > done.reserved_micro_usd) AS overrun
    FROM done JOIN cost_ledger_charges c ON c.entry_id = done.id
    GROUP BY c.budget_id, c.period_start
  )
  UPDATE budget_periods p
  SET reserved_micro_usd = p.reserved_micro_usd - total.reserved,
      settled_micro_usd = p.settled_micro_usd + total.settled,
      overrun = p.overrun OR total.overrun
  FROM total
  WHERE p.budget_id = total.budget_id AND p.period_start = total.period_start;
END
$$;

CREATE OR REPLACE FUNCTION ledger_reserve(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := clock_timestamp();
  open_keys jsonb;
  budget_ids uuid[];
  starts timestamptz[];
  scopes text[];
  room bigint[]; -- null: unlimited
  reserved bigint := 0;
  entry record;
  full_scope text;
  entry_id uuid;
  answers jsonb := '[]';
BEGIN
  IF request ? 'mode_version' THEN
    PERFORM 1 FROM mode_state WHERE id = 1 AND version = (request ->> 'mode_version')::int FOR SHARE;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('mode_changed', true);
    END IF;
  END IF;

  INSERT INTO budgets (id, scope, period, limit_micro_usd, hard_limit)
    SELECT gen_random_uuid(), s.scope, s.period, s."limit", s.hard
    FROM jsonb_to_recordset(request -> 'scopes') AS s(scope text, period text, "limit" bigint, hard boolean)
    WHERE NOT EXISTS (SELECT 1 FROM budgets b WHERE b.scope = s.scope)
    ORDER BY s.scope
    ON CONFLICT (scope) DO NOTHING;
  UPDATE budgets b
    SET period = s.period, limit_micro_usd = s."limit", hard_limit = s.hard
    FROM jsonb_to_recordset(request -> 'scopes') AS s(scope text, period text, "limit" bigint, hard boolean)
    WHERE b.scope = s.scope
      AND (b.period, b.limit_micro_usd, b.hard_limit) IS DISTINCT FROM (s.period, s."limit", s.hard);

  SELECT array_agg(b.id ORDER BY b.id), array_agg(b.scope ORDER BY b.id),
         array_agg(budget_period_start(b.period, at, (request ->> 'session_start')::timestamptz) ORDER BY b.id)
    INTO budget_ids, scopes, starts
    FROM budgets b
    WHERE b.scope IN (SELECT s.scope FROM jsonb_to_recordset(request -> 'scopes') AS s(scope text));
  INSERT INTO budget_periods (budget_id, period_start)
    SELECT p.budget_id, p.period_start FROM unnest(budget_ids, starts) AS p(budget_id, period_start)
    WHERE NOT EXISTS (
      SELECT 1 FROM budget_periods q WHERE q.budget_id = p.budget_id AND q.period_start = p.period_start
    )
    ORDER BY p.budget_id
    ON CONFLICT DO NOTHING;

  PERFORM 1 FROM budget_periods p
    WHERE (p.budget_id, p.period_start) IN (
      SELECT q.budget_id, q.period_start FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
      UNION ALL
      SELECT c.budget_id, c.period_start
      FROM jsonb_to_recordset(request -> 'entries') AS n(operation text)
      JOIN cost_ledger e ON e.operation = n.operation AND e.state = 'reserved'
      JOIN cost_ledger_charges c ON c.entry_id = e.id
    )
    ORDER BY p.budget_id, p.period_start FOR UPDATE;

  -- A reservation that was never settled: the call may have been paid for.
  SELECT jsonb_agg(jsonb_build_object('key', e.key, 'outcome', 'unknown')) INTO open_keys
    FROM jsonb_to_recordset(request -> 'entries') AS n(operation text)
    JOIN cost_ledger e ON e.operation = n.operation AND e.state = 'reserved';
  IF open_keys IS NOT NULL THEN
    PERFORM ledger_settle(open_keys);
  END IF;

  SELECT array_agg(
      CASE
        WHEN NOT b.hard_limit OR b.limit_micro_usd IS NULL THEN NULL
        WHEN p.overrun THEN -1
        ELSE b.limit_micro_usd - p.reserved_micro_usd - p.settled_micro_usd
      END ORDER BY b.id)
    INTO room
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
    JOIN budgets b ON b.id = q.budget_id
    JOIN budget_periods p ON p.budget_id = q.budget_id AND p.period_start = q.period_start;

  FOR entry IN
    SELECT n.operation, n.source, n.model, n.amount,
           (SELECT coalesce(max(e.call_number), 0) + 1 FROM cost_ledger e WHERE e.operation = n.operation) AS number
    FROM ROWS FROM (
      jsonb_to_recordset(request -> 'entries') AS (operation text, source text, model text, amount bigint)
    ) WITH ORDINALITY AS n(operation, source, model, amount, position)
    ORDER BY n.position
  LOOP
    SELECT q.scope INTO full_scope FROM unnest(scopes, room) WITH ORDINALITY AS q(scope, room, position)
      WHERE q.room < reserved + entry.amount
      ORDER BY q.position LIMIT 1;
    IF full_scope IS NOT NULL THEN
      answers := answers || jsonb_build_object('operation', entry.operation, 'full_scope', full_scope);
      CONTINUE;
    END IF;
    INSERT INTO cost_ledger (id, key, operation, call_number, cycle_id, source, model, reserved_micro_usd)
      VALUES (gen_random_uuid(), entry.operation || '#' || entry.number, entry.operation, entry.number,
              (request ->> 'cycle_id')::uuid, entry.source, entry.model, entry.amount)
      RETURNING id INTO entry_id;
    INSERT INTO cost_ledger_charges (entry_id, budget_id, period_start)
      SELECT entry_id, q.budget_id, q.period_start FROM unnest(budget_ids, starts) AS q(budget_id, period_start);
    reserved := reserved + entry.amount;
    answers := answers || jsonb_build_object(
      'operation', entry.operation, 'key', entry.operation || '#' || entry.number);
  END LOOP;

  UPDATE budget_periods p SET reserved_micro_usd = p.reserved_micro_usd + reserved
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
    WHERE reserved > 0 AND p.budget_id = q.budget_id AND p.period_start = q.period_start;
  RETURN jsonb_build_object('reservations', answers);
END
$$;
