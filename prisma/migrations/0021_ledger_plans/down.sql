ALTER FUNCTION ledger_reserve(jsonb) RESET enable_seqscan;
ALTER FUNCTION ledger_settle(jsonb) RESET enable_seqscan;
