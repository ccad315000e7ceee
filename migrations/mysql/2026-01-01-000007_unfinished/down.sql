ALTER TABLE unfinished_questions DROP COLUMN instance_id;
