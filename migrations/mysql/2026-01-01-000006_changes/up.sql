-- Numbers that are counted up under the lock of their row: of `changes` the newest, of `fillings` how often sample
-- data was to be stored.
CREATE TABLE IF NOT EXISTS counters (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
INSERT IGNORE INTO counters (name, value) VALUES ('changes', 0), ('fillings', 0);

-- What changed, in one order. `entity_id` and `owner_id` refer to nothing: a change outlives what it tells of.
CREATE TABLE IF NOT EXISTS changes (
    number BIGINT NOT NULL PRIMARY KEY,
    id BINARY(16) NOT NULL,
    channel VARCHAR(255) NOT NULL,
    action VARCHAR(255) NOT NULL,
    entity_id BINARY(16) NOT NULL,
    everybody BOOLEAN NOT NULL,
    owner_id BINARY(16),
    permission VARCHAR(255),
    changed_at BIGINT NOT NULL,
    INDEX changes_changed_at (changed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- How far each receiver is: `position` is the number of the last change that it has.
CREATE TABLE IF NOT EXISTS receivers (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- What receivers refused for good; `replay` where it is to be delivered again. It keeps its change from being deleted.
CREATE TABLE IF NOT EXISTS set_aside_changes (
    receiver VARCHAR(255) NOT NULL,
    number BIGINT NOT NULL,
    reason LONGTEXT NOT NULL,
    set_aside_at BIGINT NOT NULL,
    replay BOOLEAN NOT NULL,
    PRIMARY KEY (receiver, number),
    INDEX set_aside_changes_number (number),
    FOREIGN KEY (receiver) REFERENCES receivers (name),
    FOREIGN KEY (number) REFERENCES changes (number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- The instances that share this database, and how often each has counted.
CREATE TABLE IF NOT EXISTS instances (
    id BINARY(16) NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Who does what only one may do at a time; free again when they are off the list.
CREATE TABLE IF NOT EXISTS duties (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    instance_id BINARY(16) NOT NULL,
    INDEX duties_instance_id (instance_id),
    FOREIGN KEY (instance_id) REFERENCES instances (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
