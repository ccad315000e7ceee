-- Whom a letter is to, so that what has not left yet goes with the account; empty once it has left.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'letters' AND column_name = 'username_key'
);
SET @add = IF(
    @missing,
    'ALTER TABLE letters ADD COLUMN username_key VARCHAR(700), ADD INDEX letters_username_key (username_key)',
    'DO 0'
);
PREPARE add_username_key FROM @add;
EXECUTE add_username_key;
DEALLOCATE PREPARE add_username_key;

-- Sessions of accounts that are gone: access tokens of theirs may not have expired.
CREATE TABLE IF NOT EXISTS ended_sessions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX ended_sessions_ended_at (ended_at),
    INDEX ended_sessions_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
