-- Access tokens carry the number of their account's rights; those with a smaller one are refused.
ALTER TABLE accounts ADD COLUMN rights BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN rights_changed_at BIGINT;
CREATE INDEX accounts_rights_changed_at ON accounts (rights_changed_at);
