ALTER TABLE accounts DROP COLUMN unproved_until;
ALTER TABLE accounts DROP COLUMN credentials;
