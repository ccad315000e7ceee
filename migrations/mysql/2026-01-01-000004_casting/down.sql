DROP TABLE casting_roles;
DROP TABLE actors;
DROP TABLE movies;
