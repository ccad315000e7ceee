-- The words of names, by which lists are searched: the beginning of a word is a range of these. Cut after 40 characters.
CREATE TABLE IF NOT EXISTS movie_words (
    word VARCHAR(40) NOT NULL,
    movie_id BINARY(16) NOT NULL,
    PRIMARY KEY (word, movie_id),
    INDEX movie_words_movie_id (movie_id),
    FOREIGN KEY (movie_id) REFERENCES movies (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS actor_words (
    word VARCHAR(40) NOT NULL,
    actor_id BINARY(16) NOT NULL,
    PRIMARY KEY (word, actor_id),
    INDEX actor_words_actor_id (actor_id),
    FOREIGN KEY (actor_id) REFERENCES actors (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

INSERT IGNORE INTO movie_words (word, movie_id)
WITH RECURSIVE split (id, word, rest) AS (
    SELECT id, CAST('' AS CHAR(4000)), CONCAT(title_key, ' ') FROM movies
    UNION ALL
    SELECT id, SUBSTRING_INDEX(rest, ' ', 1), SUBSTRING(rest, LOCATE(' ', rest) + 1) FROM split WHERE rest <> ''
)
SELECT DISTINCT LEFT(word, 40), id FROM split WHERE word <> '';

INSERT IGNORE INTO actor_words (word, actor_id)
WITH RECURSIVE split (id, word, rest) AS (
    SELECT id, CAST('' AS CHAR(4000)), CONCAT(name_key, ' ') FROM actors
    UNION ALL
    SELECT id, SUBSTRING_INDEX(rest, ' ', 1), SUBSTRING(rest, LOCATE(' ', rest) + 1) FROM split WHERE rest <> ''
)
SELECT DISTINCT LEFT(word, 40), id FROM split WHERE word <> '';

-- In lower case, as genders are compared.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'actors' AND column_name = 'gender_key'
);
SET @add = IF(@missing, "ALTER TABLE actors
    ADD COLUMN gender_key VARCHAR(200) NOT NULL DEFAULT '',
    ADD INDEX actors_age (age, id),
    ADD INDEX actors_gender (gender_key, id),
    ADD INDEX actors_gender_age (gender_key, age, id)", 'DO 0');
PREPARE add_gender_key FROM @add;
EXECUTE add_gender_key;
DEALLOCATE PREPARE add_gender_key;
UPDATE actors SET gender_key = LOWER(gender) WHERE gender_key = '';

SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'casting_roles' AND index_name = 'casting_roles_actor'
);
SET @add = IF(@missing, 'ALTER TABLE casting_roles
    ADD INDEX casting_roles_actor (actor_id, id), DROP INDEX casting_roles_actor_id', 'DO 0');
PREPARE add_casting_roles_actor FROM @add;
EXECUTE add_casting_roles_actor;
DEALLOCATE PREPARE add_casting_roles_actor;
