DROP TABLE audit_log;
CREATE TABLE confirmations (
    digest BINARY(32) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    INDEX confirmations_user_id (user_id),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
INSERT INTO confirmations (digest, user_id, expires_at)
SELECT digest, user_id, expires_at FROM one_time_secrets WHERE purpose = 'confirm';
DROP TABLE one_time_secrets;
