-- Names are unique by their lower-case key, addresses are stored in lower case.
CREATE TABLE accounts (
    id BYTEA NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    username_key TEXT COLLATE "C" NOT NULL UNIQUE,
    email TEXT COLLATE "C" UNIQUE,
    first_name TEXT COLLATE "C" NOT NULL,
    last_name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    suspended BOOLEAN NOT NULL,
    confirmed_at BIGINT,
    login_method TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE roles (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE role_permissions (
    role TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (role, permission)
);

CREATE TABLE user_roles (
    user_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT COLLATE "C" NOT NULL REFERENCES roles (name),
    PRIMARY KEY (user_id, role)
);
CREATE INDEX user_roles_role ON user_roles (role);

-- Secrets of mailed links, by their digest; gone once their account is confirmed.
CREATE TABLE confirmations (
    digest BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX confirmations_user_id ON confirmations (user_id);

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    address TEXT COLLATE "C",
    agent TEXT COLLATE "C"
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_ended_at ON sessions (ended_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- The queue of letters. `content` is sealed, and erased once the letter has left; `due_at` is empty then, and
-- for letters that are set aside.
CREATE TABLE letters (
    id BYTEA NOT NULL PRIMARY KEY,
    occasion TEXT COLLATE "C" NOT NULL,
    content BYTEA,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT,
    sent_at BIGINT,
    set_aside_at BIGINT,
    reason TEXT COLLATE "C"
);
CREATE INDEX letters_due_at ON letters (due_at);
CREATE INDEX letters_sent_at ON letters (sent_at);

-- `number` counts from 1; being unique, it lets one of several first starts win.
CREATE TABLE signing_keys (
    kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    private BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

INSERT INTO roles (name) VALUES
    ('admin'),
    ('anonymous'),
    ('casting_assistant'),
    ('casting_director'),
    ('executive_producer'),
    ('user');

INSERT INTO role_permissions (role, permission) VALUES
    ('casting_assistant', 'get:actors'),
    ('casting_assistant', 'get:movies'),
    ('casting_assistant', 'get:roles'),
    ('casting_director', 'delete:actors'),
    ('casting_director', 'delete:roles'),
    ('casting_director', 'get:actors'),
    ('casting_director', 'get:movies'),
    ('casting_director', 'get:roles'),
    ('casting_director', 'patch:actors'),
    ('casting_director', 'patch:movies'),
    ('casting_director', 'patch:roles'),
    ('casting_director', 'post:actors'),
    ('casting_director', 'post:roles'),
    ('executive_producer', 'delete:actors'),
    ('executive_producer', 'delete:movies'),
    ('executive_producer', 'delete:roles'),
    ('executive_producer', 'get:actors'),
    ('executive_producer', 'get:movies'),
    ('executive_producer', 'get:roles'),
    ('executive_producer', 'patch:actors'),
    ('executive_producer', 'patch:movies'),
    ('executive_producer', 'patch:roles'),
    ('executive_producer', 'post:actors'),
    ('executive_producer', 'post:movies'),
    ('executive_producer', 'post:roles');

-- The administrator may do what any other role may do, and manage people.
INSERT INTO role_permissions (role, permission)
SELECT 'admin', permission FROM role_permissions WHERE role = 'executive_producer';
INSERT INTO role_permissions (role, permission) VALUES
    ('admin', 'delete:events'),
    ('admin', 'delete:users'),
    ('admin', 'get:audit'),
    ('admin', 'get:users'),
    ('admin', 'patch:events'),
    ('admin', 'patch:users');
