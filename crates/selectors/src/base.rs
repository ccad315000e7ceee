use async_trait::async_trait;
use square_routing::{Candidate, Ranking, Score, Selector, SelectorUnavailable};

/// Takes every candidate as fitting, in the order given.
///
/// For a question whose skills are named by the one who asks, and for trying a skill out before publishing.
#[derive(Debug, Clone, Copy, Default)]
pub struct BaseSelector;

#[async_trait]
impl Selector for BaseSelector {
    fn name(&self) -> &'static str {
        "Base"
    }

    fn description(&self) -> &'static str {
        "Asks the skills in the order given, whatever the question."
    }

    fn asks_unpublished(&self) -> bool {
        true
    }

    async fn rank(&self, _: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        let scores = (0..candidates.len()).map(|candidate| Score { candidate, score: 1.0 }).collect();
        Ok(Ranking { scores, threshold: 0.0, share_of_best: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_order_and_takes_all() {
        let candidates = [3, 1, 2].map(|id| square_kernel::uuid::Uuid::from_u128(id).into());
        let ranking = BaseSelector.rank("anything", &candidates).await.unwrap();
        let scores = [0, 1, 2].map(|candidate| Score { candidate, score: 1.0 });
        assert_eq!(ranking, Ranking { scores: scores.into(), threshold: 0.0, share_of_best: 0.0 });
    }
}
