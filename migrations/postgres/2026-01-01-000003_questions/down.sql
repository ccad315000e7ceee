DROP TABLE log_entries;
DROP TABLE unfinished_questions;
DROP TABLE questions;
