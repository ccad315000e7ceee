-- Texts are compared byte by byte, trailing blanks included; the two servers call that by different names.

-- Names are unique by their lower-case key, addresses are stored in lower case.
CREATE TABLE IF NOT EXISTS accounts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    username VARCHAR(255) NOT NULL,
    username_key VARCHAR(700) NOT NULL UNIQUE,
    email VARCHAR(255) UNIQUE,
    first_name LONGTEXT NOT NULL,
    last_name LONGTEXT NOT NULL,
    password_hash LONGTEXT NOT NULL,
    suspended BOOLEAN NOT NULL,
    confirmed_at BIGINT,
    login_method VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS roles (
    name VARCHAR(255) NOT NULL PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS role_permissions (
    role VARCHAR(255) NOT NULL,
    permission VARCHAR(255) NOT NULL,
    PRIMARY KEY (role, permission),
    FOREIGN KEY (role) REFERENCES roles (name) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS user_roles (
    user_id BINARY(16) NOT NULL,
    role VARCHAR(255) NOT NULL,
    PRIMARY KEY (user_id, role),
    INDEX user_roles_role (role),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE,
    FOREIGN KEY (role) REFERENCES roles (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Secrets of mailed links, by their digest; gone once their account is confirmed.
CREATE TABLE IF NOT EXISTS confirmations (
    digest BINARY(32) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    INDEX confirmations_user_id (user_id),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS sessions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    address LONGTEXT,
    agent LONGTEXT,
    INDEX sessions_user_id (user_id),
    INDEX sessions_ended_at (ended_at),
    INDEX sessions_expires_at (expires_at),
    FOREIGN KEY (user_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- The queue of letters. `content` is sealed, and erased once the letter has left; `due_at` is empty then, and
-- for letters that are set aside.
CREATE TABLE IF NOT EXISTS letters (
    id BINARY(16) NOT NULL PRIMARY KEY,
    occasion VARCHAR(255) NOT NULL,
    content LONGBLOB,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT,
    sent_at BIGINT,
    set_aside_at BIGINT,
    reason LONGTEXT,
    INDEX letters_due_at (due_at),
    INDEX letters_sent_at (sent_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- `number` counts from 1; being unique, it lets one of several first starts win.
CREATE TABLE IF NOT EXISTS signing_keys (
    kid VARCHAR(255) NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    private LONGBLOB NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

INSERT IGNORE INTO roles (name) VALUES
    ('admin'),
    ('anonymous'),
    ('casting_assistant'),
    ('casting_director'),
    ('executive_producer'),
    ('user');

INSERT IGNORE INTO role_permissions (role, permission) VALUES
    ('casting_assistant', 'get:actors'),
    ('casting_assistant', 'get:movies'),
    ('casting_assistant', 'get:roles'),
    ('casting_director', 'delete:actors'),
    ('casting_director', 'delete:roles'),
    ('casting_director', 'get:actors'),
    ('casting_director', 'get:movies'),
    ('casting_director', 'get:roles'),
    ('casting_director', 'patch:actors'),
    ('casting_director', 'patch:movies'),
    ('casting_director', 'patch:roles'),
    ('casting_director', 'post:actors'),
    ('casting_director', 'post:roles'),
    ('executive_producer', 'delete:actors'),
    ('executive_producer', 'delete:movies'),
    ('executive_producer', 'delete:roles'),
    ('executive_producer', 'get:actors'),
    ('executive_producer', 'get:movies'),
    ('executive_producer', 'get:roles'),
    ('executive_producer', 'patch:actors'),
    ('executive_producer', 'patch:movies'),
    ('executive_producer', 'patch:roles'),
    ('executive_producer', 'post:actors'),
    ('executive_producer', 'post:movies'),
    ('executive_producer', 'post:roles');

-- The administrator may do what any other role may do, and manage people.
INSERT IGNORE INTO role_permissions (role, permission)
SELECT 'admin', permission FROM role_permissions WHERE role = 'executive_producer';
INSERT IGNORE INTO role_permissions (role, permission) VALUES
    ('admin', 'delete:events'),
    ('admin', 'delete:users'),
    ('admin', 'get:audit'),
    ('admin', 'get:users'),
    ('admin', 'patch:events'),
    ('admin', 'patch:users');
