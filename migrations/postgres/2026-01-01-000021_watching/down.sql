ALTER TABLE unfinished_questions DROP COLUMN watched;
