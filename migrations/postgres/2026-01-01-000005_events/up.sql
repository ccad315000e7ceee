-- `date` is YYYY-MM-DD; `time` as it was sent, `minute` what it means, counted from midnight. `venue_key` is
-- what a venue is looked up by; backwards and with its length in characters for names with a typo.
CREATE TABLE events (
    id BYTEA NOT NULL PRIMARY KEY,
    owner_id BYTEA NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    date TEXT COLLATE "C" NOT NULL,
    time TEXT COLLATE "C" NOT NULL,
    minute BIGINT NOT NULL,
    venue TEXT COLLATE "C" NOT NULL,
    venue_key TEXT COLLATE "C" NOT NULL,
    venue_key_reversed TEXT COLLATE "C" NOT NULL,
    venue_key_length BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX events_owner_id ON events (owner_id);
CREATE INDEX events_date ON events (date, minute, id);
CREATE INDEX events_venue_date ON events (venue_key, date, minute, id);
CREATE INDEX events_venue_newest ON events (venue_key, id);
CREATE INDEX events_venue_head ON events (venue_key_length, venue_key);
CREATE INDEX events_venue_tail ON events (venue_key_length, venue_key_reversed, venue_key);
