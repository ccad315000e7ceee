-- Who works on the question. It refers to no row of `instances`: one that is off the list for a moment goes on logging. What is
-- there already belongs to nobody.
ALTER TABLE unfinished_questions ADD COLUMN instance_id BYTEA;
