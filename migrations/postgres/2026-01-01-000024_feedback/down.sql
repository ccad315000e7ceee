DROP TABLE proposing_questions;
DROP TABLE proposals;
DROP TABLE verdicts;
