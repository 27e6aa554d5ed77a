-- AlterTable
ALTER TABLE "budgets" ALTER COLUMN "warn_threshold" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "cost_ledger_created_at_idx" ON "cost_ledger" USING BRIN ("created_at");

-- What Prisma does not see.

-- Programs that use the library name the sources of their costs themselves.
ALTER TABLE cost_ledger DROP CONSTRAINT cost_ledger_source_check;
ALTER TABLE cost_ledger ADD CONSTRAINT cost_ledger_source_check CHECK (source <> '');

-- The overruns that block a scope, found without a look at its other periods.
CREATE INDEX budget_periods_overrun_idx ON budget_periods (budget_id, period_start) WHERE overrun;

-- A reset starts a period at its own moment.
DROP FUNCTION budget_period_start(text, timestamptz, timestamptz);
CREATE FUNCTION budget_period_start(period text, at timestamptz, session_start timestamptz, reset_at timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT greatest(reset_at, CASE period
    WHEN 'hourly' THEN date_trunc('hour', at, 'UTC')
    WHEN 'daily' THEN date_trunc('day', at, 'UTC')
    WHEN 'weekly' THEN date_trunc('week', at, 'UTC')
    WHEN 'monthly' THEN date_trunc('month', at, 'UTC')
    WHEN 'session' THEN session_start
    WHEN 'unlimited' THEN to_timestamp(0)
  END)
$$;

-- From which spending on people are warned; null without a threshold or a limit.
CREATE FUNCTION budget_warns_at(threshold float8, limit_micro_usd bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN threshold * limit_micro_usd < 1 THEN 1 ELSE ceil(threshold::numeric * limit_micro_usd)::bigint END
$$;

-- Warns, once a period, of those of the given periods whose spending has reached their threshold. The caller holds their locks.
CREATE FUNCTION budget_warn(budget_ids uuid[], starts timestamptz[]) RETURNS void LANGUAGE sql AS $$
  WITH warned AS (
    UPDATE budget_periods p SET warned_at = clock_timestamp()
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start) JOIN budgets b ON b.id = q.budget_id
    WHERE p.budget_id = q.budget_id AND p.period_start = q.period_start AND p.warned_at IS NULL
      AND p.reserved_micro_usd + p.settled_micro_usd >= budget_warns_at(b.warn_threshold, b.limit_micro_usd)
    RETURNING b.id, b.scope, b.period, b.limit_micro_usd, b.warn_threshold,
              to_char(p.period_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS period_start,
              p.reserved_micro_usd, p.settled_micro_usd
  )
  INSERT INTO audit_logs (id, key, event_type, actor, subject_type, subject_id, details, created_at)
    SELECT gen_random_uuid(), 'budget_warning/' || w.id || '/' || w.period_start, 'budget_warning', 'ledger', 'budget', w.scope,
           jsonb_build_object(
             'scope', w.scope, 'period', w.period, 'period_start', w.period_start,
             'limit_usd', trim_scale(w.limit_micro_usd / 1e6), 'warn_threshold', w.warn_threshold,
             'settled_usd', trim_scale(w.settled_micro_usd / 1e6),
             'reserved_usd', trim_scale(w.reserved_micro_usd / 1e6)),
           clock_timestamp()
    FROM warned w
    ON CONFLICT (key) DO NOTHING
$$;

-- settlements: [{key, outcome: settled | released | unknown, amount?, input_tokens?, output_tokens?,
--                operation?, source?, model? (when they were not known at the reservation)}]
-- Entries that are not reserved (any more) stay as they are. A bill above its reservation marks its periods as overrun.
CREATE OR REPLACE FUNCTION ledger_settle(settlements jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  overran boolean;
  settled uuid[];
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
    SELECT DISTINCT ON (key) key, outcome, amount, input_tokens, output_tokens, operation, source, model
    FROM jsonb_to_recordset(settlements)
      AS s(key text, outcome text, amount bigint, input_tokens int, output_tokens int,
           operation text, source text, model text)
    ORDER BY key
  ), done AS (
    UPDATE cost_ledger e
    SET state = bill.outcome,
        settled_micro_usd = CASE bill.outcome
          WHEN 'settled' THEN bill.amount WHEN 'released' THEN 0 ELSE e.reserved_micro_usd
        END,
        input_tokens = bill.input_tokens,
        output_tokens = bill.output_tokens,
        operation = coalesce(bill.operation, e.operation),
        key = coalesce(bill.operation, e.operation) || '#' || e.call_number,
        source = coalesce(bill.source, e.source),
        model = coalesce(bill.model, e.model),
        settled_at = clock_timestamp()
    FROM bill
    WHERE e.key = bill.key AND e.state = 'reserved'
    RETURNING e.id, e.reserved_micro_usd, e.settled_micro_usd
  ), total AS (
    SELECT c.budget_id, c.period_start, sum(done.reserved_micro_usd) AS reserved, sum(done.settled_micro_usd) AS settled,
           bool_or(done.settled_micro_usd > done.reserved_micro_usd) AS overrun
    FROM done JOIN cost_ledger_charges c ON c.entry_id = done.id
    GROUP BY c.budget_id, c.period_start
  ), charged AS (
    UPDATE budget_periods p
    SET reserved_micro_usd = p.reserved_micro_usd - total.reserved,
        settled_micro_usd = p.settled_micro_usd + total.settled,
        overrun = p.overrun OR total.overrun
    FROM total
    WHERE p.budget_id = total.budget_id AND p.period_start = total.period_start
    RETURNING total.overrun
  )
  SELECT coalesce(bool_or(charged.overrun), false), (SELECT array_agg(done.id) FROM done)
    INTO overran, settled FROM charged;
  IF NOT overran THEN
    RETURN;
  END IF;

  INSERT INTO audit_logs (id, key, event_type, actor, subject_type, subject_id, details, created_at)
    SELECT gen_random_uuid(), 'budget_overrun/' || e.key, 'budget_overrun', 'ledger', 'cost_entry', e.key,
           jsonb_build_object(
             'scopes', (SELECT jsonb_agg(b.scope ORDER BY b.scope)
                        FROM cost_ledger_charges c JOIN budgets b ON b.id = c.budget_id WHERE c.entry_id = e.id),
             'cycle_id', e.cycle_id, 'source', e.source, 'model', e.model,
             'reserved_usd', trim_scale(e.reserved_micro_usd / 1e6),
             'billed_usd', trim_scale(e.settled_micro_usd / 1e6)),
           clock_timestamp()
    FROM cost_ledger e
    WHERE e.id = ANY (settled) AND e.settled_micro_usd > e.reserved_micro_usd
    ON CONFLICT (key) DO NOTHING;
  -- Nothing else that is settled makes a period fuller than it was when it was reserved.
  PERFORM budget_warn(array_agg(touched.budget_id), array_agg(touched.period_start))
    FROM (
      SELECT DISTINCT c.budget_id, c.period_start FROM cost_ledger_charges c WHERE c.entry_id = ANY (settled)
    ) AS touched;
END
$$;

-- request: {cycle_id, mode_version?, session_start, at?,
--           scopes: [{scope, period, limit (null: none), hard, warn (null: nobody is warned)}],
--           entries: [{operation, source, model, amount, spent?}]}
-- Answers {mode_changed: true} when the mode has another version, else {reservations: [{operation, key} or
-- {operation, full_scope, used, limit}]} in the order of the entries. Scopes are made, and their limits adjusted, as the
-- request says. What is `spent` already is never refused: without room it is reserved at nothing, and its bill is an
-- overrun. `at` stands for the clock.
CREATE OR REPLACE FUNCTION ledger_reserve(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := coalesce((request ->> 'at')::timestamptz, clock_timestamp());
  open_keys jsonb;
  budget_ids uuid[];
  starts timestamptz[];
  scopes text[];
  limits bigint[];
  used bigint[];
  room bigint[]; -- null: unlimited
  until_warning bigint[]; -- null: nobody is warned, or was already
  reserved bigint := 0;
  entry record;
  amount bigint;
  full_scope record;
  entry_id uuid;
  answers jsonb := '[]';
BEGIN
  IF request ? 'mode_version' THEN
    PERFORM 1 FROM mode_state WHERE id = 1 AND version = (request ->> 'mode_version')::int FOR SHARE;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('mode_changed', true);
    END IF;
  END IF;

  INSERT INTO budgets (id, scope, period, limit_micro_usd, hard_limit, warn_threshold)
    SELECT gen_random_uuid(), s.scope, s.period, s."limit", s.hard, s.warn
    FROM jsonb_to_recordset(request -> 'scopes')
      AS s(scope text, period text, "limit" bigint, hard boolean, warn float8)
    WHERE NOT EXISTS (SELECT 1 FROM budgets b WHERE b.scope = s.scope)
    ORDER BY s.scope
    ON CONFLICT (scope) DO NOTHING;
  UPDATE budgets b
    SET period = s.period, limit_micro_usd = s."limit", hard_limit = s.hard, warn_threshold = s.warn
    FROM jsonb_to_recordset(request -> 'scopes')
      AS s(scope text, period text, "limit" bigint, hard boolean, warn float8)
    WHERE b.scope = s.scope
      AND (b.period, b.limit_micro_usd, b.hard_limit, b.warn_threshold)
        IS DISTINCT FROM (s.period, s."limit", s.hard, s.warn);

  SELECT array_agg(b.id ORDER BY b.id), array_agg(b.scope ORDER BY b.id),
         array_agg(
           budget_period_start(b.period, at, (request ->> 'session_start')::timestamptz, b.reset_at) ORDER BY b.id)
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

  SELECT array_agg(b.limit_micro_usd ORDER BY b.id),
         array_agg(p.reserved_micro_usd + p.settled_micro_usd ORDER BY b.id),
         array_agg(
           CASE
             WHEN NOT b.hard_limit OR b.limit_micro_usd IS NULL THEN NULL
             WHEN EXISTS (
               SELECT 1 FROM budget_periods o
               WHERE o.overrun AND o.budget_id = b.id AND o.period_start >= coalesce(b.reset_at, '-infinity')
             ) THEN -1
             ELSE b.limit_micro_usd - p.reserved_micro_usd - p.settled_micro_usd
           END ORDER BY b.id),
         array_agg(
           CASE WHEN p.warned_at IS NULL THEN
             budget_warns_at(b.warn_threshold, b.limit_micro_usd) - p.reserved_micro_usd - p.settled_micro_usd
           END ORDER BY b.id)
    INTO limits, used, room, until_warning
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
    JOIN budgets b ON b.id = q.budget_id
    JOIN budget_periods p ON p.budget_id = q.budget_id AND p.period_start = q.period_start;

  FOR entry IN
    SELECT n.operation, n.source, n.model, n.amount, coalesce(n.spent, false) AS spent,
           (SELECT coalesce(max(e.call_number), 0) + 1 FROM cost_ledger e WHERE e.operation = n.operation) AS number
    FROM ROWS FROM (
      jsonb_to_recordset(request -> 'entries')
        AS (operation text, source text, model text, amount bigint, spent boolean)
    ) WITH ORDINALITY AS n(operation, source, model, amount, spent, position)
    ORDER BY n.position
  LOOP
    SELECT q.scope AS name, q.used + reserved AS used, q."limit" INTO full_scope
      FROM unnest(scopes, room, used, limits) WITH ORDINALITY AS q(scope, room, used, "limit", position)
      WHERE q.room < reserved + entry.amount
      ORDER BY q.position LIMIT 1;
    amount := entry.amount;
    IF full_scope.name IS NOT NULL THEN
      IF NOT entry.spent THEN
        answers := answers || jsonb_build_object(
          'operation', entry.operation, 'full_scope', full_scope.name, 'used', full_scope.used,
          'limit', full_scope."limit");
        CONTINUE;
      END IF;
      amount := 0;
    END IF;
    INSERT INTO cost_ledger (id, key, operation, call_number, cycle_id, source, model, reserved_micro_usd, created_at)
      VALUES (gen_random_uuid(), entry.operation || '#' || entry.number, entry.operation, entry.number,
              (request ->> 'cycle_id')::uuid, entry.source, entry.model, amount, at)
      RETURNING id INTO entry_id;
    INSERT INTO cost_ledger_charges (entry_id, budget_id, period_start)
      SELECT entry_id, q.budget_id, q.period_start FROM unnest(budget_ids, starts) AS q(budget_id, period_start);
    reserved := reserved + amount;
    answers := answers || jsonb_build_object(
      'operation', entry.operation, 'key', entry.operation || '#' || entry.number);
  END LOOP;

  UPDATE budget_periods p SET reserved_micro_usd = p.reserved_micro_usd + reserved
    FROM unnest(budget_ids, starts) AS q(budget_id, period_start)
    WHERE reserved > 0 AND p.budget_id = q.budget_id AND p.period_start = q.period_start;
  IF reserved >= ANY (until_warning) THEN
    PERFORM budget_warn(budget_ids, starts);
  END IF;
  RETURN jsonb_build_object('reservations', answers);
END
$$;
