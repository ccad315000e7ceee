-- Identities at providers by which people sign in; one belongs to one account. `tokens` is what the provider gave, sealed.
CREATE TABLE login_methods (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    email TEXT,
    name TEXT NOT NULL,
    user_name TEXT NOT NULL,
    tokens BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (provider, subject)
);
CREATE INDEX login_methods_user_id ON login_methods (user_id);
