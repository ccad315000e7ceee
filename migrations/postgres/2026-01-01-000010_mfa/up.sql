-- Since when signing in asks for a second factor.
ALTER TABLE accounts ADD COLUMN mfa_enabled_at BIGINT;

-- Whether the second factor was given when the session was opened.
ALTER TABLE sessions ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;

-- Secrets for one-time codes, sealed; one an account. `last_step` is the latest step of time that was used, so that each is used
-- once.
CREATE TABLE otp_methods (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    secret BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    verified_at BIGINT
);

-- Recovery codes that were not used: `digest` (a keyed hash) to look them up, `content` (sealed) to show them, `number` for
-- their order.
CREATE TABLE recovery_codes (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    content BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX recovery_codes_user_id ON recovery_codes (user_id);

-- Attempts at second factors that failed or are under way, of the last hour.
CREATE TABLE mfa_attempts (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    attempted_at BIGINT NOT NULL
);
CREATE INDEX mfa_attempts_user_id ON mfa_attempts (user_id);
