-- Whom a letter is to, so that what has not left yet goes with the account; empty once it has left.
ALTER TABLE letters ADD COLUMN username_key TEXT COLLATE "C";
CREATE INDEX letters_username_key ON letters (username_key);

-- Sessions of accounts that are gone: access tokens of theirs may not have expired.
CREATE TABLE ended_sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_sessions_ended_at ON ended_sessions (ended_at);
CREATE INDEX ended_sessions_expires_at ON ended_sessions (expires_at);
