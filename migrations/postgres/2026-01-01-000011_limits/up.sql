-- Budgets of attempts, by a keyed hash of what they count and for whom. `full_at` is when the whole budget is back: rows of the
-- past say nothing and are deleted.
CREATE TABLE limits (
    digest BYTEA NOT NULL PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX limits_full_at ON limits (full_at);

-- What strangers asked to be sent, until somebody has looked whether the mailbox belongs to an account. `content` is sealed.
CREATE TABLE letter_requests (
    id BYTEA NOT NULL PRIMARY KEY,
    letter TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX letter_requests_due_at ON letter_requests (due_at);

-- When a session ends however often it is refreshed. Those that are there already get the default of `auth.session_max_days`.
ALTER TABLE sessions ADD COLUMN ends_at BIGINT;
UPDATE sessions SET ends_at = created_at + 15552000000000;
