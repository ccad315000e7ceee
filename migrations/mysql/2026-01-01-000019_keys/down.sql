ALTER TABLE instances DROP COLUMN under_key;
ALTER TABLE sessions DROP COLUMN under_key;
ALTER TABLE signing_keys DROP COLUMN signs_at;
