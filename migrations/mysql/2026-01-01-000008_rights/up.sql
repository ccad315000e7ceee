-- Access tokens carry the number of their account's rights; those with a smaller one are refused.
-- One statement, so that it is done whole or not at all.
ALTER TABLE accounts
    ADD COLUMN rights BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN rights_changed_at BIGINT,
    ADD INDEX accounts_rights_changed_at (rights_changed_at);
