DROP TABLE audit_log;
CREATE TABLE confirmations (
    digest BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX confirmations_user_id ON confirmations (user_id);
INSERT INTO confirmations (digest, user_id, expires_at)
SELECT digest, user_id, expires_at FROM one_time_secrets WHERE purpose = 'confirm';
DROP TABLE one_time_secrets;
