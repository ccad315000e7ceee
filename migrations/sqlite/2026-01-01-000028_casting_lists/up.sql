-- The words of names, by which lists are searched: the beginning of a word is a range of these. Cut after 40 characters.
CREATE TABLE movie_words (
    word TEXT NOT NULL,
    movie_id BLOB NOT NULL REFERENCES movies (id) ON DELETE CASCADE,
    PRIMARY KEY (word, movie_id)
) WITHOUT ROWID;
CREATE INDEX movie_words_movie_id ON movie_words (movie_id);

CREATE TABLE actor_words (
    word TEXT NOT NULL,
    actor_id BLOB NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    PRIMARY KEY (word, actor_id)
) WITHOUT ROWID;
CREATE INDEX actor_words_actor_id ON actor_words (actor_id);

INSERT INTO movie_words (word, movie_id)
WITH RECURSIVE split (id, word, rest) AS (
    SELECT id, '', title_key || ' ' FROM movies
    UNION ALL
    SELECT id, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM split WHERE rest <> ''
)
SELECT DISTINCT substr(word, 1, 40), id FROM split WHERE word <> '';

INSERT INTO actor_words (word, actor_id)
WITH RECURSIVE split (id, word, rest) AS (
    SELECT id, '', name_key || ' ' FROM actors
    UNION ALL
    SELECT id, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM split WHERE rest <> ''
)
SELECT DISTINCT substr(word, 1, 40), id FROM split WHERE word <> '';

-- In lower case, as genders are compared.
ALTER TABLE actors ADD COLUMN gender_key TEXT NOT NULL DEFAULT '';
UPDATE actors SET gender_key = lower(gender);
CREATE INDEX actors_age ON actors (age, id);
CREATE INDEX actors_gender ON actors (gender_key, id);
CREATE INDEX actors_gender_age ON actors (gender_key, age, id);

CREATE INDEX casting_roles_actor ON casting_roles (actor_id, id);
DROP INDEX casting_roles_actor_id;
