-- Search of the memory by likeness of words. The extension comes with PostgreSQL and is trusted: the owner of a database
-- may create it. Where that was forbidden, somebody who may has to: CREATE EXTENSION pg_trgm WITH SCHEMA public.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE INDEX memory_nodes_label_trgm_idx ON memory_nodes USING gin (label gin_trgm_ops);
CREATE INDEX memory_nodes_valid_from_id_idx ON memory_nodes (valid_from DESC, id DESC);
