-- Who works on the question. It refers to no row of `instances`: one that is off the list for a moment goes on logging. What is
-- there already belongs to nobody.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'unfinished_questions' AND column_name = 'instance_id'
);
SET @add = IF(@missing, 'ALTER TABLE unfinished_questions ADD COLUMN instance_id BINARY(16)', 'DO 0');
PREPARE add_instance_id FROM @add;
EXECUTE add_instance_id;
DEALLOCATE PREPARE add_instance_id;
