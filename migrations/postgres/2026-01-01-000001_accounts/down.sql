DROP TABLE signing_keys;
DROP TABLE letters;
DROP TABLE sessions;
DROP TABLE confirmations;
DROP TABLE user_roles;
DROP TABLE role_permissions;
DROP TABLE roles;
DROP TABLE accounts;
