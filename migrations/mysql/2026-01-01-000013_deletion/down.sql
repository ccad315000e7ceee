DROP TABLE ended_sessions;
ALTER TABLE letters DROP COLUMN username_key;
