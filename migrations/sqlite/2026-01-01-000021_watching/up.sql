-- Counts up while the question is watched at instances that do not work on it, for the one that does.
ALTER TABLE unfinished_questions ADD COLUMN watched BIGINT NOT NULL DEFAULT 0;
