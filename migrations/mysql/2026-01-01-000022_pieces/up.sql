-- Questions whose log holds pieces of answers, which go some time after the end: the whole answers stay. Few rows, so that they are
-- found without reading the whole log.
CREATE TABLE IF NOT EXISTS streamed_questions (
    question_id BINARY(16) NOT NULL PRIMARY KEY,
    FOREIGN KEY (question_id) REFERENCES questions (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
