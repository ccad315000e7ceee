-- A name's key is what it is looked up by; backwards and with its length in characters for names with a typo.
CREATE TABLE IF NOT EXISTS movies (
    id BINARY(16) NOT NULL PRIMARY KEY,
    title LONGTEXT NOT NULL,
    title_key VARCHAR(4000) NOT NULL,
    title_key_reversed VARCHAR(4000) NOT NULL,
    title_key_length BIGINT NOT NULL,
    -- YYYY-MM-DD
    release_date CHAR(10) NOT NULL,
    INDEX movies_title_key (title_key(300)),
    INDEX movies_title_head (title_key_length, title_key(300)),
    INDEX movies_title_tail (title_key_length, title_key_reversed(300)),
    INDEX movies_release_date (release_date, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS actors (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARCHAR(1000) NOT NULL,
    name_key VARCHAR(4000) NOT NULL,
    name_key_reversed VARCHAR(4000) NOT NULL,
    name_key_length BIGINT NOT NULL,
    age BIGINT NOT NULL,
    gender LONGTEXT NOT NULL,
    INDEX actors_name_key (name_key(300)),
    INDEX actors_name_head (name_key_length, name_key(300)),
    INDEX actors_name_tail (name_key_length, name_key_reversed(300))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Who played whom in which film; `roles` are those of accounts.
CREATE TABLE IF NOT EXISTS casting_roles (
    id BINARY(16) NOT NULL PRIMARY KEY,
    movie_id BINARY(16) NOT NULL,
    actor_id BINARY(16) NOT NULL,
    `character` LONGTEXT NOT NULL,
    character_key VARCHAR(4000) NOT NULL,
    character_key_reversed VARCHAR(4000) NOT NULL,
    character_key_length BIGINT NOT NULL,
    INDEX casting_roles_movie_id (movie_id, id),
    INDEX casting_roles_actor_id (actor_id),
    INDEX casting_roles_character_key (character_key(300)),
    INDEX casting_roles_character_head (character_key_length, character_key(300)),
    INDEX casting_roles_character_tail (character_key_length, character_key_reversed(300)),
    FOREIGN KEY (movie_id) REFERENCES movies (id) ON DELETE CASCADE,
    FOREIGN KEY (actor_id) REFERENCES actors (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
