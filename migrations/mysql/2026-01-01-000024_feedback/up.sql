-- What askers say of skills' answers. `skill_id` refers to no skill: what was said of one that is gone is the asker's all the same.
CREATE TABLE IF NOT EXISTS verdicts (
    question_id BINARY(16) NOT NULL,
    skill_id BINARY(16) NOT NULL,
    helpful BOOLEAN NOT NULL,
    comment LONGTEXT,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (question_id, skill_id),
    INDEX verdicts_skill_id (skill_id, helpful),
    FOREIGN KEY (question_id) REFERENCES questions (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Questions that are proposed as examples of a skill. Their text is that of the first of the questions which propose them, so that it
-- goes with these; what stands here is a digest of it. `figures` is JSON.
CREATE TABLE IF NOT EXISTS proposals (
    id BINARY(16) NOT NULL PRIMARY KEY,
    skill_id BINARY(16) NOT NULL,
    text_key VARBINARY(255) NOT NULL,
    state VARCHAR(255) NOT NULL,
    declined LONGTEXT,
    figures LONGTEXT,
    proposed_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (skill_id, text_key),
    INDEX proposals_state (state, changed_at),
    FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS proposing_questions (
    proposal_id BINARY(16) NOT NULL,
    question_id BINARY(16) NOT NULL,
    PRIMARY KEY (proposal_id, question_id),
    INDEX proposing_questions_question_id (question_id),
    FOREIGN KEY (proposal_id) REFERENCES proposals (id) ON DELETE CASCADE,
    FOREIGN KEY (question_id) REFERENCES questions (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
