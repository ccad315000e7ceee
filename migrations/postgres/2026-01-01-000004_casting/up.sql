-- A name's key is what it is looked up by; backwards and with its length in characters for names with a typo.
CREATE TABLE movies (
    id BYTEA NOT NULL PRIMARY KEY,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C" NOT NULL,
    title_key_reversed TEXT COLLATE "C" NOT NULL,
    title_key_length BIGINT NOT NULL,
    -- YYYY-MM-DD
    release_date TEXT COLLATE "C" NOT NULL
);
CREATE INDEX movies_title_key ON movies (title_key);
CREATE INDEX movies_title_head ON movies (title_key_length, title_key);
CREATE INDEX movies_title_tail ON movies (title_key_length, title_key_reversed);
CREATE INDEX movies_release_date ON movies (release_date, id);

CREATE TABLE actors (
    id BYTEA NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    name_key_reversed TEXT COLLATE "C" NOT NULL,
    name_key_length BIGINT NOT NULL,
    age BIGINT NOT NULL,
    gender TEXT COLLATE "C" NOT NULL
);
CREATE INDEX actors_name_key ON actors (name_key);
CREATE INDEX actors_name_head ON actors (name_key_length, name_key);
CREATE INDEX actors_name_tail ON actors (name_key_length, name_key_reversed);

-- Who played whom in which film; `roles` are those of accounts.
CREATE TABLE casting_roles (
    id BYTEA NOT NULL PRIMARY KEY,
    movie_id BYTEA NOT NULL REFERENCES movies (id) ON DELETE CASCADE,
    actor_id BYTEA NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    character TEXT COLLATE "C" NOT NULL,
    character_key TEXT COLLATE "C" NOT NULL,
    character_key_reversed TEXT COLLATE "C" NOT NULL,
    character_key_length BIGINT NOT NULL
);
CREATE INDEX casting_roles_movie_id ON casting_roles (movie_id, id);
CREATE INDEX casting_roles_actor_id ON casting_roles (actor_id);
CREATE INDEX casting_roles_character_key ON casting_roles (character_key);
CREATE INDEX casting_roles_character_head ON casting_roles (character_key_length, character_key);
CREATE INDEX casting_roles_character_tail ON casting_roles (character_key_length, character_key_reversed);
