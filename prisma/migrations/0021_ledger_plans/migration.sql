-- A connection keeps the plans of a function. Those that it makes while a table is empty would read the table whole, also
-- when it has grown, until autovacuum has counted it. With indices only, a plan is right for few rows and for many.
ALTER FUNCTION ledger_reserve(jsonb) SET enable_seqscan = off;
ALTER FUNCTION ledger_settle(jsonb) SET enable_seqscan = off;
