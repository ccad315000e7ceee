-- `address` is the URL of a remote skill or the name of a built-in one, whose protocol is `builtin`.
-- `samples` is a JSON array of texts.
CREATE TABLE skills (
    id BYTEA NOT NULL PRIMARY KEY,
    owner_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT COLLATE "C" NOT NULL,
    protocol TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    secret BYTEA,
    published BOOLEAN NOT NULL,
    samples TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX skills_owner_id ON skills (owner_id);

-- `number` grows with each training of a skill. A training that is superseded is deleted.
CREATE TABLE trainings (
    id BYTEA NOT NULL PRIMARY KEY,
    skill_id BYTEA NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    accuracy TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    train_examples BIGINT NOT NULL,
    dev_examples BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (skill_id, number)
);
CREATE INDEX trainings_state ON trainings (state);

-- JSON arrays of texts, written and read whole.
CREATE TABLE training_examples (
    training_id BYTEA NOT NULL PRIMARY KEY REFERENCES trainings (id) ON DELETE CASCADE,
    train TEXT COLLATE "C" NOT NULL,
    dev TEXT COLLATE "C" NOT NULL
);
