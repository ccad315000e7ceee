-- Questions whose log holds pieces of answers, which go some time after the end: the whole answers stay. Few rows, so that they are
-- found without reading the whole log.
CREATE TABLE streamed_questions (
    question_id BLOB NOT NULL PRIMARY KEY REFERENCES questions (id) ON DELETE CASCADE
) WITHOUT ROWID;
