-- Budgets of attempts, by a keyed hash of what they count and for whom. `full_at` is when the whole budget is back: rows of the
-- past say nothing and are deleted.
CREATE TABLE IF NOT EXISTS limits (
    digest BINARY(32) NOT NULL PRIMARY KEY,
    full_at BIGINT NOT NULL,
    INDEX limits_full_at (full_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- What strangers asked to be sent, until somebody has looked whether the mailbox belongs to an account. `content` is sealed.
CREATE TABLE IF NOT EXISTS letter_requests (
    id BINARY(16) NOT NULL PRIMARY KEY,
    letter VARCHAR(255) NOT NULL,
    content LONGBLOB NOT NULL,
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    INDEX letter_requests_due_at (due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- When a session ends however often it is refreshed. Those that are there already get the default of `auth.session_max_days`.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'ends_at'
);
SET @add = IF(@missing, 'ALTER TABLE sessions ADD COLUMN ends_at BIGINT', 'DO 0');
PREPARE add_ends_at FROM @add;
EXECUTE add_ends_at;
DEALLOCATE PREPARE add_ends_at;
UPDATE sessions SET ends_at = created_at + 15552000000000 WHERE ends_at IS NULL;
