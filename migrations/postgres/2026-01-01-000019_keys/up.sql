-- When a signing key begins to sign: every instance knows it by then. Those that there are sign since they were made.
ALTER TABLE signing_keys ADD COLUMN signs_at BIGINT NOT NULL DEFAULT 0;
UPDATE signing_keys SET signs_at = created_at;

-- Under which key the session's refresh token was made, and which is the current one of an instance; empty where an earlier version
-- wrote it.
ALTER TABLE sessions ADD COLUMN under_key TEXT COLLATE "C";
ALTER TABLE instances ADD COLUMN under_key TEXT COLLATE "C";
