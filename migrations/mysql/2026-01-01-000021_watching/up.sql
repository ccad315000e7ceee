-- Counts up while the question is watched at instances that do not work on it, for the one that does.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'unfinished_questions' AND column_name = 'watched'
);
SET @add = IF(@missing, 'ALTER TABLE unfinished_questions ADD COLUMN watched BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE add_watched FROM @add;
EXECUTE add_watched;
DEALLOCATE PREPARE add_watched;
