-- `address` is the URL of a remote skill or the name of a built-in one, whose protocol is `builtin`.
-- `samples` is a JSON array of texts.
CREATE TABLE IF NOT EXISTS skills (
    id BINARY(16) NOT NULL PRIMARY KEY,
    owner_id BINARY(16) NOT NULL,
    name VARCHAR(1000) NOT NULL,
    name_key VARCHAR(700) NOT NULL UNIQUE,
    description LONGTEXT NOT NULL,
    protocol VARCHAR(255) NOT NULL,
    address LONGTEXT NOT NULL,
    secret LONGBLOB,
    published BOOLEAN NOT NULL,
    samples LONGTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    INDEX skills_owner_id (owner_id),
    FOREIGN KEY (owner_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- `number` grows with each training of a skill. A training that is superseded is deleted.
CREATE TABLE IF NOT EXISTS trainings (
    id BINARY(16) NOT NULL PRIMARY KEY,
    skill_id BINARY(16) NOT NULL,
    number BIGINT NOT NULL,
    state VARCHAR(255) NOT NULL,
    accuracy LONGTEXT,
    reason LONGTEXT,
    train_examples BIGINT NOT NULL,
    dev_examples BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (skill_id, number),
    INDEX trainings_state (state),
    FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- JSON arrays of texts, written and read whole.
CREATE TABLE IF NOT EXISTS training_examples (
    training_id BINARY(16) NOT NULL PRIMARY KEY,
    train LONGTEXT NOT NULL,
    dev LONGTEXT NOT NULL,
    FOREIGN KEY (training_id) REFERENCES trainings (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
