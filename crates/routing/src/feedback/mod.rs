//! What askers say of the answers they got.

mod give;
mod read;
mod service;
mod store;
mod take_back;
mod verdict;

pub use give::{FeedbackError, Opinion};
pub use service::Feedback;
pub use store::FeedbackStore;
pub use verdict::{Comment, Rating, Verdict};
