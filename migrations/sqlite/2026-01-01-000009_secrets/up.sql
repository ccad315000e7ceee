-- Secrets that are good once, whatever for, by their digest; spent ones are deleted. `payload` is sealed.
CREATE TABLE one_time_secrets (
    digest BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id BLOB REFERENCES accounts (id) ON DELETE CASCADE,
    payload BLOB,
    attempts_left BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_secrets_user_id ON one_time_secrets (user_id);
CREATE INDEX one_time_secrets_expires_at ON one_time_secrets (expires_at);

INSERT INTO one_time_secrets (digest, purpose, user_id, attempts_left, created_at, expires_at)
SELECT digest, 'confirm', user_id, 1, 0, expires_at FROM confirmations WHERE spent_at IS NULL;
DROP TABLE confirmations;

-- Who did what, when, from where. `actor_id` and `user_id` refer to nothing: what happened is kept when an account goes.
CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor_id BLOB,
    user_id BLOB,
    address TEXT,
    agent TEXT,
    detail TEXT
);
CREATE INDEX audit_log_happened_at ON audit_log (happened_at, id);
CREATE INDEX audit_log_user_id ON audit_log (user_id, happened_at, id);
CREATE INDEX audit_log_actor_id ON audit_log (actor_id, happened_at, id);
