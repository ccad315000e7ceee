-- Access tokens carry the number of their account's rights; those with a smaller one are refused.
--
-- One change of the table, so that it is done whole or not at all. This must bear being run again: a process that dies
-- right behind it has not noted that it was done.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'rights'
);
SET @add = IF(
    @missing,
    'ALTER TABLE accounts
        ADD COLUMN rights BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN rights_changed_at BIGINT,
        ADD INDEX accounts_rights_changed_at (rights_changed_at)',
    'DO 0'
);
PREPARE add_rights FROM @add;
EXECUTE add_rights;
DEALLOCATE PREPARE add_rights;
