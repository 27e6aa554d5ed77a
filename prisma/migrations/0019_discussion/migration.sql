-- Conversations about what was found: the service forgets them when it is asked to.
CREATE TABLE discussion_messages (
  id UUID PRIMARY KEY,
  owner TEXT NOT NULL,
  session TEXT NOT NULL,
  position INTEGER NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  content TEXT NOT NULL,
  cites TEXT[] NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX discussion_messages_owner_session_position_key ON discussion_messages (owner, session, position);

-- What questions are matched against; cut, since PostgreSQL refuses to index words of more than a megabyte.
CREATE INDEX failures_words_idx ON failures USING gin (
  to_tsvector('english', left(
    failure_type || ' ' || failure_class || ' ' || target || ' ' || trigger || ' ' || description || ' ' || root_cause, 20000))
);
CREATE INDEX interventions_words_idx ON interventions USING gin (
  to_tsvector('english', left(type || ' ' || name || ' ' || description, 20000))
);
