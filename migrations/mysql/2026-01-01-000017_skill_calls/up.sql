-- `signing` is the key that calls to a skill are signed with, sealed; skills registered before have none until their owner
-- asks for one. `model` is what a skill is asked for where its protocol has models.
--
-- One change of the table, so that it is done whole or not at all. This must bear being run again: a process that dies
-- right behind it has not noted that it was done.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'skills' AND column_name = 'signing'
);
SET @add = IF(@missing, 'ALTER TABLE skills ADD COLUMN signing LONGBLOB, ADD COLUMN model LONGTEXT', 'DO 0');
PREPARE add_columns FROM @add;
EXECUTE add_columns;
DEALLOCATE PREPARE add_columns;
