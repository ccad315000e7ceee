-- Secrets that are good once, whatever for, by their digest; spent ones are deleted. `payload` is sealed.
CREATE TABLE IF NOT EXISTS one_time_secrets (
    digest BINARY(32) NOT NULL PRIMARY KEY,
    purpose VARCHAR(255) NOT NULL,
    user_id BINARY(16),
    payload LONGBLOB,
    attempts_left BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX one_time_secrets_user_id (user_id),
    INDEX one_time_secrets_expires_at (expires_at),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- This must bear being run again: the table that is moved may be gone.
SET @there = (
    SELECT COUNT(*) = 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'confirmations'
);
SET @move = IF(
    @there,
    'INSERT IGNORE INTO one_time_secrets (digest, purpose, user_id, attempts_left, created_at, expires_at)
     SELECT digest, ''confirm'', user_id, 1, 0, expires_at FROM confirmations WHERE spent_at IS NULL',
    'DO 0'
);
PREPARE move_confirmations FROM @move;
EXECUTE move_confirmations;
DEALLOCATE PREPARE move_confirmations;
DROP TABLE IF EXISTS confirmations;

-- Who did what, when, from where. `actor_id` and `user_id` refer to nothing: what happened is kept when an account goes.
CREATE TABLE IF NOT EXISTS audit_log (
    id BINARY(16) NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    action VARCHAR(255) NOT NULL,
    actor_id BINARY(16),
    user_id BINARY(16),
    address LONGTEXT,
    agent LONGTEXT,
    detail LONGTEXT,
    INDEX audit_log_happened_at (happened_at, id),
    INDEX audit_log_user_id (user_id, happened_at, id),
    INDEX audit_log_actor_id (actor_id, happened_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
