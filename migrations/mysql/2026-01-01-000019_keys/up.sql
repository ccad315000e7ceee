-- When a signing key begins to sign: every instance knows it by then. Those that there are sign since they were made.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'signing_keys' AND column_name = 'signs_at'
);
SET @add = IF(@missing, 'ALTER TABLE signing_keys ADD COLUMN signs_at BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE add_signing_keys_signs_at FROM @add;
EXECUTE add_signing_keys_signs_at;
DEALLOCATE PREPARE add_signing_keys_signs_at;
UPDATE signing_keys SET signs_at = created_at WHERE signs_at = 0;

-- Under which key the session's refresh token was made, and which is the current one of an instance; empty where an earlier version
-- wrote it.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'under_key'
);
SET @add = IF(@missing, 'ALTER TABLE sessions ADD COLUMN under_key VARCHAR(255)', 'DO 0');
PREPARE add_sessions_under_key FROM @add;
EXECUTE add_sessions_under_key;
DEALLOCATE PREPARE add_sessions_under_key;
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'instances' AND column_name = 'under_key'
);
SET @add = IF(@missing, 'ALTER TABLE instances ADD COLUMN under_key VARCHAR(255)', 'DO 0');
PREPARE add_instances_under_key FROM @add;
EXECUTE add_instances_under_key;
DEALLOCATE PREPARE add_instances_under_key;
