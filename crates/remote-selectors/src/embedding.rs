//! Embeddings of texts: from a table of word vectors in a folder, or from a server that speaks like that of `OpenAI`.

mod server;
mod table;

pub use server::{EmbeddingServer, EmbeddingServerSettings};
pub use table::{EmbeddingTable, TableError};
