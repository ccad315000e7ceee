-- Held by whoever changes who may manage accounts, so that of several who do at once one finds an administrator left.
INSERT IGNORE INTO counters (name, value) VALUES ('administrators', 0);

-- Few letters are given up among very many that were sent.
--
-- MySQL has no CREATE INDEX IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'letters' AND index_name = 'letters_set_aside_at'
);
SET @add = IF(@missing, 'ALTER TABLE letters ADD INDEX letters_set_aside_at (set_aside_at)', 'DO 0');
PREPARE add_set_aside FROM @add;
EXECUTE add_set_aside;
DEALLOCATE PREPARE add_set_aside;
