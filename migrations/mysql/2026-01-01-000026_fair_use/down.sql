DELETE FROM counters WHERE name = 'exchanges';
ALTER TABLE limits DROP INDEX limits_noted, DROP COLUMN noted;
