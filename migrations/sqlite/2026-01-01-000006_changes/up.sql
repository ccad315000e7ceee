-- Numbers that are counted up under the lock of their row: of `changes` the newest, of `fillings` how often sample
-- data was to be stored.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('changes', 0), ('fillings', 0);

-- What changed, in one order. `entity_id` and `owner_id` refer to nothing: a change outlives what it tells of.
CREATE TABLE changes (
    number BIGINT NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    channel TEXT NOT NULL,
    action TEXT NOT NULL,
    entity_id BLOB NOT NULL,
    everybody BOOLEAN NOT NULL,
    owner_id BLOB,
    permission TEXT,
    changed_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX changes_changed_at ON changes (changed_at);

-- How far each receiver is: `position` is the number of the last change that it has.
CREATE TABLE receivers (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
) WITHOUT ROWID;

-- What receivers refused for good; `replay` where it is to be delivered again. It keeps its change from being deleted.
CREATE TABLE set_aside_changes (
    receiver TEXT NOT NULL REFERENCES receivers (name),
    number BIGINT NOT NULL REFERENCES changes (number),
    reason TEXT NOT NULL,
    set_aside_at BIGINT NOT NULL,
    replay BOOLEAN NOT NULL,
    PRIMARY KEY (receiver, number)
) WITHOUT ROWID;
CREATE INDEX set_aside_changes_number ON set_aside_changes (number);

-- The instances that share this database, and how often each has counted.
CREATE TABLE instances (
    id BLOB NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL
) WITHOUT ROWID;

-- Who does what only one may do at a time; free again when they are off the list.
CREATE TABLE duties (
    name TEXT NOT NULL PRIMARY KEY,
    instance_id BLOB NOT NULL REFERENCES instances (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX duties_instance_id ON duties (instance_id);
