//! Embeddings of texts: from a table of word vectors in a folder, or from a server that speaks like that of `OpenAI`.

mod server;
#[cfg(feature = "static-embeddings")]
mod table;

pub use server::{EmbeddingServer, EmbeddingServerSettings};
#[cfg(feature = "static-embeddings")]
pub use table::{EmbeddingTable, TableError};

/// Stretches a vector to the length 1; one of nothing stays as it is.
fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for number in vector {
            *number /= length;
        }
    }
}
