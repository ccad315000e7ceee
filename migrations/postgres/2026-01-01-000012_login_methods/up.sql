-- Identities at providers by which people sign in; one belongs to one account. `tokens` is what the provider gave, sealed.
CREATE TABLE login_methods (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    provider TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    user_name TEXT COLLATE "C" NOT NULL,
    tokens BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (provider, subject)
);
CREATE INDEX login_methods_user_id ON login_methods (user_id);
