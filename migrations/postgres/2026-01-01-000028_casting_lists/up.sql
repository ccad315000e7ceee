-- The words of names, by which lists are searched: the beginning of a word is a range of these. Cut after 40 characters.
CREATE TABLE movie_words (
    word TEXT COLLATE "C" NOT NULL,
    movie_id BYTEA NOT NULL REFERENCES movies (id) ON DELETE CASCADE,
    PRIMARY KEY (word, movie_id)
);
CREATE INDEX movie_words_movie_id ON movie_words (movie_id);

CREATE TABLE actor_words (
    word TEXT COLLATE "C" NOT NULL,
    actor_id BYTEA NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    PRIMARY KEY (word, actor_id)
);
CREATE INDEX actor_words_actor_id ON actor_words (actor_id);

INSERT INTO movie_words (word, movie_id)
SELECT DISTINCT left(word, 40), id FROM movies, unnest(string_to_array(title_key, ' ')) AS word WHERE word <> '';

INSERT INTO actor_words (word, actor_id)
SELECT DISTINCT left(word, 40), id FROM actors, unnest(string_to_array(name_key, ' ')) AS word WHERE word <> '';

-- In lower case, as genders are compared.
ALTER TABLE actors ADD COLUMN gender_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE actors SET gender_key = lower(gender);
CREATE INDEX actors_age ON actors (age, id);
CREATE INDEX actors_gender ON actors (gender_key, id);
CREATE INDEX actors_gender_age ON actors (gender_key, age, id);

CREATE INDEX casting_roles_actor ON casting_roles (actor_id, id);
DROP INDEX casting_roles_actor_id;
