DROP TABLE ended_sessions;
DROP INDEX letters_username_key;
ALTER TABLE letters DROP COLUMN username_key;
