//! The selectors that are part of this process: which skills fit a question.
//!
//! - [`BaseSelector`] asks every candidate, in the order given.
//! - [`SquareSelector`] learns from example questions. A question is routed in microseconds, without a model
//!   server, and learning is a matter of milliseconds to seconds on one core.
//! - [`EmbeddingSelector`] learns as that does, from embeddings of the questions as well.
//! - [`evaluation`] measures any selector on questions whose skills are known.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts become shares and averages, where a digit more or less means nothing"
)]

mod base;
mod embedding;
pub mod evaluation;
mod square;

pub use base::BaseSelector;
pub use embedding::EmbeddingSelector;
pub use square::SquareSelector;
