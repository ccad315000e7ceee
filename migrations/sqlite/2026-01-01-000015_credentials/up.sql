-- Counts what shuts others out of an account: whoever began to sign in before it was counted up does not get in.
ALTER TABLE accounts ADD COLUMN credentials BIGINT NOT NULL DEFAULT 0;

-- Until when nobody had confirmed an address of the account, where it began without; what was set up before may be a stranger's. Of
-- accounts whose address was changed since it cannot be told any more.
ALTER TABLE accounts ADD COLUMN unproved_until BIGINT;
UPDATE accounts SET unproved_until = confirmed_at
WHERE confirmed_at > created_at AND login_method = 'signup' AND NOT EXISTS (
    SELECT 1 FROM audit_log WHERE audit_log.user_id = accounts.id AND audit_log.action = 'email_changed'
)
-- The log forgets: of an account that is older than its oldest entry it cannot be told either.
AND created_at >= (SELECT MIN(happened_at) FROM audit_log);
