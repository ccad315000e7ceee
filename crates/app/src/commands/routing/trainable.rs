use async_trait::async_trait;
use square_kernel::SkillId;
use square_routing::Selector;
use square_selectors::evaluation::Sample;
use square_selectors::{EmbeddingSelector, SquareSelector};
use square_skills::ports::LearningFailed;
use std::sync::Arc;

/// A selector that can be measured from nothing.
#[async_trait]
pub(super) trait Trainable: Selector {
    async fn train(
        &self,
        skills: &[(SkillId, Arc<[String]>)],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed>;

    /// Fits the probabilities to questions that were not learnt from.
    async fn tune(&self, samples: &[Sample]) -> Result<(), LearningFailed>;

    fn model_bytes(&self) -> usize;
}

macro_rules! trainable {
    ($($selector:ty),*) => {$(
        #[async_trait]
        impl Trainable for $selector {
            async fn train(
                &self,
                skills: &[(SkillId, Arc<[String]>)],
                progress: &(dyn Fn(f32) + Send + Sync),
            ) -> Result<(), LearningFailed> {
                Self::train(self, skills, progress).await
            }

            async fn tune(&self, samples: &[Sample]) -> Result<(), LearningFailed> {
                Self::tune(self, samples).await
            }

            fn model_bytes(&self) -> usize {
                Self::model_bytes(self)
            }
        }
    )*};
}

trainable!(SquareSelector, EmbeddingSelector);
