-- Written with every question and every answer, so each table is one tree: no row ids beside the keys, and
-- nobody's questions stand in no index.
--
-- `asker_id` refers to no account: a question is logged also when its asker's account goes at that moment.
-- `choice` is JSON.
CREATE TABLE questions (
    id BYTEA NOT NULL PRIMARY KEY,
    asker_id BYTEA,
    question TEXT COLLATE "C" NOT NULL,
    choice TEXT COLLATE "C" NOT NULL,
    deadline_us BIGINT NOT NULL,
    asked_at BIGINT NOT NULL
);
CREATE INDEX questions_asker_id ON questions (asker_id, id) WHERE asker_id IS NOT NULL;

-- A question stands here until it has ended. Few rows, so what a process that died left undone is found
-- without reading the whole log.
CREATE TABLE unfinished_questions (
    question_id BYTEA NOT NULL PRIMARY KEY REFERENCES questions (id) ON DELETE CASCADE
);

-- `content` is JSON, its form told by `kind`.
CREATE TABLE log_entries (
    question_id BYTEA NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    content TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (question_id, seq)
);
