-- What askers say of skills' answers. `skill_id` refers to no skill: what was said of one that is gone is the asker's all the same.
CREATE TABLE verdicts (
    question_id BLOB NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    skill_id BLOB NOT NULL,
    helpful BOOLEAN NOT NULL,
    comment TEXT,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (question_id, skill_id)
) WITHOUT ROWID;
CREATE INDEX verdicts_skill_id ON verdicts (skill_id, helpful);

-- Questions that are proposed as examples of a skill. Their text is that of the first of the questions which propose them, so that it
-- goes with these; what stands here is a digest of it. `figures` is JSON.
CREATE TABLE proposals (
    id BLOB NOT NULL PRIMARY KEY,
    skill_id BLOB NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
    text_key BLOB NOT NULL,
    state TEXT NOT NULL,
    declined TEXT,
    figures TEXT,
    proposed_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (skill_id, text_key)
);
CREATE INDEX proposals_state ON proposals (state, changed_at);

CREATE TABLE proposing_questions (
    proposal_id BLOB NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    question_id BLOB NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    PRIMARY KEY (proposal_id, question_id)
) WITHOUT ROWID;
CREATE INDEX proposing_questions_question_id ON proposing_questions (question_id);
