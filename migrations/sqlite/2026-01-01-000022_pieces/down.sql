DELETE FROM log_entries WHERE kind = 'answer_delta';
DROP TABLE streamed_questions;
