//! Questions: choosing the skills that fit, asking them side by side, the numbered answer log.
//!
//! A question's way: [`Router::ask`] takes the skills that exist from the in-memory
//! [`SkillDirectory`](square_skills::SkillDirectory), has a [`Selector`] rank them, asks the best ones at
//! once through [`Skill`](square_skills::Skill) and writes each answer to the [`QuestionLog`] as it comes.
//! Whoever watches reads the log through an [`AnswerStream`], so every transport shows the same entries
//! under the same numbers. No database is read on this way.
//!
//! What the asker says of an answer is [`Feedback`]; it proposes questions as examples to skills' owners.
//!
//! The numbers of a question begin with [`OpeningEvent`]s, which follow from the question itself, and go on with the log's
//! entries.
//!
//! Several instances may work on one log, each on its own questions. What one works on is watched at any other by looking
//! into the log again and again, cancelled there through the log, and closed by the others when it dies
//! ([`Router::close_interrupted`]).

mod ask;
mod cancel;
mod candidates;
mod choose;
mod delete;
mod desertion;
mod embedder;
mod fair_use;
mod fallback;
mod fan_out;
mod feedback;
mod follow;
mod forget;
mod hedge;
mod history;
mod live;
mod log;
mod opening;
mod pieces;
mod question;
mod recover;
mod route;
mod router;
mod selector;
mod ticket;
mod watch;

#[cfg(feature = "testing")]
pub mod testing;

pub use ask::{AskError, Asked};
pub use choose::{Choice, Chosen, Example, Exclusion, FallbackFrom, LeftOut};
pub use embedder::{Embedder, EmbedderVersion, Embedding, EmbeddingFailed, Waiting};
pub use fair_use::{AskerLimits, FairUse};
pub use feedback::{Comment, Feedback, FeedbackError, FeedbackStore, Opinion, Rating, Verdict};
pub use history::{HistoryError, HistoryFilter};
pub use log::{
    AnswerDelta, AnsweredQuestion, AppendError, Deleted, Ending, Finish, LogEntry, LogEvent, QuestionLog,
    QuestionRecord, SkillError, SkillOutcome,
};
pub use opening::OpeningEvent;
pub use question::{
    Deadline, MaxResults, MaxSkills, Question, QuestionId, QuestionText, Selection, SelectorRef, SkillRef,
};
pub use router::{Router, RouterParts, RouterPolicy, SelectorInfo};
pub use selector::{Candidate, Ranking, Score, Selector, SelectorUnavailable};
pub use ticket::{Ticket, TicketError};
pub use watch::{AnswerStream, WatchError};
