-- Numbers that are counted up under the lock of their row: of `changes` the newest, of `fillings` how often sample
-- data was to be stored.
CREATE TABLE counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('changes', 0), ('fillings', 0);

-- What changed, in one order. `entity_id` and `owner_id` refer to nothing: a change outlives what it tells of.
CREATE TABLE changes (
    number BIGINT NOT NULL PRIMARY KEY,
    id BYTEA NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    entity_id BYTEA NOT NULL,
    everybody BOOLEAN NOT NULL,
    owner_id BYTEA,
    permission TEXT COLLATE "C",
    changed_at BIGINT NOT NULL
);
CREATE INDEX changes_changed_at ON changes (changed_at);

-- How far each receiver is: `position` is the number of the last change that it has.
CREATE TABLE receivers (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);

-- What receivers refused for good; `replay` where it is to be delivered again. It keeps its change from being deleted.
CREATE TABLE set_aside_changes (
    receiver TEXT COLLATE "C" NOT NULL REFERENCES receivers (name),
    number BIGINT NOT NULL REFERENCES changes (number),
    reason TEXT COLLATE "C" NOT NULL,
    set_aside_at BIGINT NOT NULL,
    replay BOOLEAN NOT NULL,
    PRIMARY KEY (receiver, number)
);
CREATE INDEX set_aside_changes_number ON set_aside_changes (number);

-- The instances that share this database, and how often each has counted.
CREATE TABLE instances (
    id BYTEA NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL
);

-- Who does what only one may do at a time; free again when they are off the list.
CREATE TABLE duties (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    instance_id BYTEA NOT NULL REFERENCES instances (id) ON DELETE CASCADE
);
CREATE INDEX duties_instance_id ON duties (instance_id);
