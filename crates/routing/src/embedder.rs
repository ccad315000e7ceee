use async_trait::async_trait;
use std::sync::Arc;

/// A text's place among all texts: those that mean the same lie near one another. Its length is 1, or 0 where the text holds
/// nothing that is known.
pub type Embedding = Arc<[f32]>;

/// Embeddings cannot be had at the moment; the text is fit for clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EmbeddingFailed(pub String);

/// Who waits for embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Somebody who asked a question: the shortest limit holds.
    Asker,
    /// Learning, which may take its time.
    Learner,
}

/// Makes embeddings of texts.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// One embedding for each text, in their order. All MUST have the same number of dimensions, with every call, and hold
    /// finite numbers only.
    async fn embed(&self, texts: &[String], waiting: Waiting) -> Result<Vec<Embedding>, EmbeddingFailed>;
}
