-- `address` is the URL of a remote skill or the name of a built-in one, whose protocol is `builtin`.
-- `samples` is a JSON array of texts.
CREATE TABLE skills (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    protocol TEXT NOT NULL,
    address TEXT NOT NULL,
    secret BLOB,
    published BOOLEAN NOT NULL,
    samples TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX skills_owner_id ON skills (owner_id);

-- `number` grows with each training of a skill. A training that is superseded is deleted.
CREATE TABLE trainings (
    id BLOB NOT NULL PRIMARY KEY,
    skill_id BLOB NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    accuracy TEXT,
    reason TEXT,
    train_examples BIGINT NOT NULL,
    dev_examples BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (skill_id, number)
);
CREATE INDEX trainings_state ON trainings (state);

-- JSON arrays of texts, written and read whole.
CREATE TABLE training_examples (
    training_id BLOB NOT NULL PRIMARY KEY REFERENCES trainings (id) ON DELETE CASCADE,
    train TEXT NOT NULL,
    dev TEXT NOT NULL
);
