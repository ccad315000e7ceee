ALTER TABLE sessions DROP COLUMN ends_at;
DROP TABLE letter_requests;
DROP TABLE limits;
