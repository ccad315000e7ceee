-- Since when signing in asks for a second factor.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'mfa_enabled_at'
);
SET @add = IF(@missing, 'ALTER TABLE accounts ADD COLUMN mfa_enabled_at BIGINT', 'DO 0');
PREPARE add_mfa_enabled_at FROM @add;
EXECUTE add_mfa_enabled_at;
DEALLOCATE PREPARE add_mfa_enabled_at;

-- Whether the second factor was given when the session was opened.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'second_factor'
);
SET @add = IF(@missing, 'ALTER TABLE sessions ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE', 'DO 0');
PREPARE add_second_factor FROM @add;
EXECUTE add_second_factor;
DEALLOCATE PREPARE add_second_factor;

-- Secrets for one-time codes, sealed; one an account. `last_step` is the latest step of time that was used, so that each is used
-- once.
CREATE TABLE IF NOT EXISTS otp_methods (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL UNIQUE,
    secret LONGBLOB NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Recovery codes that were not used: `digest` (a keyed hash) to look them up, `content` (sealed) to show them, `number` for
-- their order.
CREATE TABLE IF NOT EXISTS recovery_codes (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    number BIGINT NOT NULL,
    digest BINARY(32) NOT NULL UNIQUE,
    content LONGBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    INDEX recovery_codes_user_id (user_id),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Attempts at second factors that failed or are under way, of the last hour.
CREATE TABLE IF NOT EXISTS mfa_attempts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    kind VARCHAR(255) NOT NULL,
    attempted_at BIGINT NOT NULL,
    INDEX mfa_attempts_user_id (user_id),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
