DROP INDEX interventions_words_idx;
DROP INDEX failures_words_idx;
DROP TABLE discussion_messages;
