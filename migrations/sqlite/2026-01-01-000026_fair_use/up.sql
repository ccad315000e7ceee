-- By which exchange between instances something was added to a budget last; none where it is spent in the database itself.
ALTER TABLE limits ADD COLUMN noted BIGINT;
CREATE INDEX limits_noted ON limits (noted);

-- How many of these exchanges there were.
INSERT INTO counters (name, value) VALUES ('exchanges', 0);
