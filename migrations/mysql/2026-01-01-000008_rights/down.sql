ALTER TABLE accounts DROP INDEX accounts_rights_changed_at, DROP COLUMN rights_changed_at, DROP COLUMN rights;
