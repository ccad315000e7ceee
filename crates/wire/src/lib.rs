//! The JSON that clients see, shared by every way in, and the one place where errors become statuses.
//!
//! - [`Fault`] is an error as a client sees it; [`fault`](mod@fault) alone names statuses.
//! - [`QuestionRequest`] reads both forms in which clients ask.
//! - [`SkillAnswer`], [`QuestionView`] and [`StreamEvent`] are the three forms in which answers go out; [`EventView`] makes
//!   the same events of a question for every transport.
//! - [`openai`] has the shapes for clients of OpenAI's API.
//! - [`RoutingView`] tells which skills were asked and why.
//! - [`access_token`] and [`Origins`] read what a request says of where it comes from.
//! - [`Verdict`], [`Ratings`] and [`Proposal`] are what askers say of answers, and what owners hear of that.
//! - [`Progress`] tells how a training goes.
//! - [`User`], [`Skill`] and [`Event`] are what accounts, skills and what is on somewhere look like from outside.
//! - [`Movie`], [`Actor`] and [`Role`] are what the casting data looks like.
//! - [`Company`], [`BankAccount`] and [`Bank`] are what the companies service shows; [`Decimal`] reads amounts without rounding them.
//! - [`ChangeMessage`] tells everybody outside that something changed.
//!
//! All of them serialise and deserialise, so a client written in Rust can take them as they are.

mod answer;
mod authorization;
mod casting;
mod change;
mod company;
mod decimal;
mod error_body;
mod event;
mod events;
pub mod fault;
mod feedback;
mod lenient;
pub mod openai;
mod origins;
mod progress;
mod question;
mod routing;
mod skill;
mod user;

pub use answer::{
    AnswerBody, Document, FallbackFrom, NearestSkill, QuestionView, ResultBody, ResultItem, SkillAnswer,
};
pub use authorization::access_token;
pub use casting::{Actor, Movie, Role};
pub use change::ChangeMessage;
pub use company::{Bank, BankAccount, Company};
pub use decimal::Decimal;
pub use error_body::{Detail, ErrorBody};
pub use event::Event;
pub use events::{
    AnswerDeltaEvent, DeadlineEvent, EventFilter, EventView, FinishedEvent, GapEvent, QuestionAcceptedEvent,
    RouteDecidedEvent, SkillResultEvent, SkillStartedEvent, StreamEvent,
};
pub use fault::Fault;
pub use feedback::{Proposal, Ratings, TrialFigures, Verdict};
pub use origins::Origins;
pub use progress::Progress;
pub use question::{FlatQuestion, NestedQuestion, QuestionOptions, QuestionRequest, SkillChoice};
pub use routing::{ExampleQuestion, LeftOutSkill, RoutedSkill, RoutingView};
pub use skill::{Breaker, SelectorDescription, SigningSecret, Skill, SkillCheck, SkillCheckStep, Training};
pub use user::User;
