DROP INDEX memory_nodes_valid_from_id_idx;
DROP INDEX memory_nodes_label_trgm_idx;
-- Somebody else in this database may use it as well.
DO $$ BEGIN DROP EXTENSION pg_trgm; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END $$;
