DELETE FROM counters WHERE name = 'exchanges';
DROP INDEX limits_noted;
ALTER TABLE limits DROP COLUMN noted;
