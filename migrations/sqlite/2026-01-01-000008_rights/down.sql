DROP INDEX accounts_rights_changed_at;
ALTER TABLE accounts DROP COLUMN rights_changed_at;
ALTER TABLE accounts DROP COLUMN rights;
