//! The selectors that need somebody outside: a search server, a model server.
//!
//! - [`ElasticsearchSelector`] has the example questions nearest to a question vote.
//! - [`TransformerSelector`] takes the scores of a model server.
//! - [`EmbeddingServer`] and [`EmbeddingTable`] make embeddings of texts, for the selector that learns from them.
//! - [`Guarded`] puts a time limit and a breaker around a selector, so that one that fails costs questions nothing.
//!
//! What the first two learn is kept outside, for all instances together. Whatever they say of trouble is fit for clients: no
//! address stands in it, and nothing of what a server said but its own words for kinds of errors.

mod breaker;
mod elasticsearch;
mod embedding;
mod patience;
mod server;
mod setup;
mod transformer;
mod trouble;

pub use breaker::Guarded;
pub use elasticsearch::{Access, ElasticsearchSelector, ElasticsearchSettings, Votes};
pub use embedding::{EmbeddingServer, EmbeddingServerSettings, EmbeddingTable, TableError};
pub use setup::SetupError;
pub use transformer::{TransformerSelector, TransformerSettings};
