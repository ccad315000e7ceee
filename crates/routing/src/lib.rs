//! Questions: choosing the skills that fit, asking them side by side, the numbered answer log.
//!
//! A question's way: `Router::ask` takes the skills that exist from the in-memory
//! [`SkillDirectory`](square_skills::SkillDirectory), has a [`Selector`] rank them, asks the best ones at
//! once through [`Skill`](square_skills::Skill) and writes each answer to the [`QuestionLog`] as it comes.
//! Whoever watches reads the log through an `AnswerStream`, so every transport shows the same entries
//! under the same numbers. No database is read on this way.

mod choose;
mod log;
mod question;
mod selector;

pub use choose::{Choice, Chosen};
pub use log::{
    AnsweredQuestion, Ending, Finish, LogEntry, LogEvent, QuestionLog, QuestionRecord, SkillError,
    SkillOutcome,
};
pub use question::{
    Deadline, MaxResults, MaxSkills, Question, QuestionId, QuestionText, Selection, SkillRef,
};
pub use selector::{Candidate, Ranking, Score, Selector, SelectorUnavailable};
