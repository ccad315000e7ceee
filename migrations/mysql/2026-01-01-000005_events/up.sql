-- `date` is YYYY-MM-DD; `time` as it was sent, `minute` what it means, counted from midnight. `venue_key` is
-- what a venue is looked up by; backwards and with its length in characters for names with a typo.
CREATE TABLE IF NOT EXISTS events (
    id BINARY(16) NOT NULL PRIMARY KEY,
    owner_id BINARY(16) NOT NULL,
    date CHAR(10) NOT NULL,
    time LONGTEXT NOT NULL,
    minute BIGINT NOT NULL,
    venue LONGTEXT NOT NULL,
    venue_key VARCHAR(4000) NOT NULL,
    venue_key_reversed VARCHAR(4000) NOT NULL,
    venue_key_length BIGINT NOT NULL,
    address LONGTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    INDEX events_owner_id (owner_id),
    INDEX events_date (date, minute, id),
    INDEX events_venue_date (venue_key(300), date, minute, id),
    INDEX events_venue_newest (venue_key(300), id),
    INDEX events_venue_head (venue_key_length, venue_key(300)),
    INDEX events_venue_tail (venue_key_length, venue_key_reversed(300), venue_key(300)),
    FOREIGN KEY (owner_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
