CREATE INDEX casting_roles_actor_id ON casting_roles (actor_id);
DROP INDEX casting_roles_actor;
DROP INDEX actors_gender_age;
DROP INDEX actors_gender;
DROP INDEX actors_age;
ALTER TABLE actors DROP COLUMN gender_key;
DROP TABLE actor_words;
DROP TABLE movie_words;
