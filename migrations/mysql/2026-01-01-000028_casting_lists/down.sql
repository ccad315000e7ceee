ALTER TABLE casting_roles ADD INDEX casting_roles_actor_id (actor_id), DROP INDEX casting_roles_actor;
ALTER TABLE actors
    DROP INDEX actors_gender_age, DROP INDEX actors_gender, DROP INDEX actors_age, DROP COLUMN gender_key;
DROP TABLE actor_words;
DROP TABLE movie_words;
