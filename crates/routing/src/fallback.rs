use crate::{Candidate, FallbackFrom, Ranking, Router, Selector, SelectorUnavailable};
use std::sync::Arc;

/// A ranking, and whose it is.
pub(crate) struct Ranked<'a> {
    pub(crate) ranking: Ranking,
    /// The selector that ranked.
    pub(crate) selector: &'a Arc<dyn Selector>,
    /// The one that should have, where it could not.
    pub(crate) fallback_from: Option<FallbackFrom>,
}

impl Router {
    /// Has `selector` rank, or the fallback where it cannot.
    pub(crate) async fn rank<'a>(
        &'a self,
        selector: &'a Arc<dyn Selector>,
        question: &str,
        candidates: &[Candidate],
    ) -> Result<Ranked<'a>, SelectorUnavailable> {
        let unavailable = match selector.rank(question, candidates).await {
            Ok(ranking) => return Ok(Ranked { ranking, selector, fallback_from: None }),
            Err(unavailable) => unavailable,
        };
        let fallback = self.parts.fallback.as_ref().filter(|fallback| fallback.name() != selector.name());
        let Some(fallback) = fallback else { return Err(unavailable) };
        tracing::debug!(
            selector = selector.name(),
            reason = unavailable.0,
            "a selector failed, another one ranks"
        );
        let ranking = fallback.rank(question, candidates).await?;
        let fallback_from = FallbackFrom { selector: selector.name().to_owned(), reason: unavailable.0 };
        Ok(Ranked { ranking, selector: fallback, fallback_from: Some(fallback_from) })
    }
}
