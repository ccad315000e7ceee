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

/// Which embeddings an embedder makes: equal where the same text gets the same one, in every instance and every run, as far as
/// can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbedderVersion(pub [u8; 32]);

/// Makes embeddings of texts.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Which embeddings it makes.
    fn version(&self) -> EmbedderVersion;

    /// Whether it needs a server outside, and so fails at times.
    fn is_outside(&self) -> bool;

    /// One embedding for each text, in their order. All of one call MUST have the same number of numbers, one at least, each
    /// of them finite.
    async fn embed(&self, texts: &[String], waiting: Waiting) -> Result<Vec<Embedding>, EmbeddingFailed>;

    /// The embedding of one text as it is made now, for learning. One that remembers embeddings MUST NOT answer with these, and
    /// forgets them: its server may have another model than when they were made.
    async fn embed_anew(&self, text: &str) -> Result<Embedding, EmbeddingFailed> {
        let embeddings = self.embed(&[text.to_owned()], Waiting::Learner).await?;
        let none = || EmbeddingFailed("the text got no embedding".to_owned());
        embeddings.into_iter().next().ok_or_else(none)
    }
}
