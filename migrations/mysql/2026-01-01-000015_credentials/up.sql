-- Counts what shuts others out of an account: whoever began to sign in before it was counted up does not get in.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'credentials'
);
SET @add = IF(@missing, 'ALTER TABLE accounts ADD COLUMN credentials BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE add_credentials FROM @add;
EXECUTE add_credentials;
DEALLOCATE PREPARE add_credentials;

-- Until when nobody had confirmed an address of the account, where it began without; what was set up before may be a stranger's. Of
-- accounts whose address was changed since it cannot be told any more.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'unproved_until'
);
SET @add = IF(@missing, 'ALTER TABLE accounts ADD COLUMN unproved_until BIGINT', 'DO 0');
PREPARE add_unproved_until FROM @add;
EXECUTE add_unproved_until;
DEALLOCATE PREPARE add_unproved_until;
UPDATE accounts SET unproved_until = confirmed_at
WHERE confirmed_at > created_at AND login_method = 'signup' AND NOT EXISTS (
    SELECT 1 FROM audit_log WHERE audit_log.user_id = accounts.id AND audit_log.action = 'email_changed'
)
-- The log forgets: of an account that is older than its oldest entry it cannot be told either.
AND created_at >= (SELECT MIN(happened_at) FROM audit_log);
