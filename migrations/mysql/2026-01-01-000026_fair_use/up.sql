-- By which exchange between instances something was added to a budget last; none where it is spent in the database itself.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'limits' AND column_name = 'noted'
);
SET @add = IF(@missing, 'ALTER TABLE limits ADD COLUMN noted BIGINT, ADD INDEX limits_noted (noted)', 'DO 0');
PREPARE add_noted FROM @add;
EXECUTE add_noted;
DEALLOCATE PREPARE add_noted;

-- How many of these exchanges there were.
INSERT IGNORE INTO counters (name, value) VALUES ('exchanges', 0);
