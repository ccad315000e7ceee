-- Identities at providers by which people sign in; one belongs to one account. `tokens` is what the provider gave, sealed.
CREATE TABLE IF NOT EXISTS login_methods (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    provider VARCHAR(255) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    email VARCHAR(255),
    name LONGTEXT NOT NULL,
    user_name LONGTEXT NOT NULL,
    tokens LONGBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (provider, subject),
    INDEX login_methods_user_id (user_id),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
