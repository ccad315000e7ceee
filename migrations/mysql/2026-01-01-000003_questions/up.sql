-- Written with every question and every answer, so each table is one tree: no row ids beside the keys, and
-- nobody's questions stand in no index.
--
-- `asker_id` refers to no account: a question is logged also when its asker's account goes at that moment.
-- `choice` is JSON.
CREATE TABLE IF NOT EXISTS questions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    asker_id BINARY(16),
    question LONGTEXT NOT NULL,
    choice LONGTEXT NOT NULL,
    deadline_us BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    INDEX questions_asker_id (asker_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- A question stands here until it has ended. Few rows, so what a process that died left undone is found
-- without reading the whole log.
CREATE TABLE IF NOT EXISTS unfinished_questions (
    question_id BINARY(16) NOT NULL PRIMARY KEY,
    FOREIGN KEY (question_id) REFERENCES questions (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- `content` is JSON, its form told by `kind`.
CREATE TABLE IF NOT EXISTS log_entries (
    question_id BINARY(16) NOT NULL,
    seq BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    kind VARCHAR(255) NOT NULL,
    content LONGTEXT NOT NULL,
    PRIMARY KEY (question_id, seq),
    FOREIGN KEY (question_id) REFERENCES questions (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
