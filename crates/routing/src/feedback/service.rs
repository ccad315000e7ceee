use super::FeedbackStore;
use crate::Router;
use square_skills::Proposals;
use std::sync::Arc;

/// Everything that askers can do with verdicts; one file per use case. What skills' owners can do with them is
/// [`Proposals`].
pub struct Feedback {
    pub(super) router: Arc<Router>,
    pub(super) proposals: Arc<Proposals>,
    pub(super) store: Arc<dyn FeedbackStore>,
}

impl Feedback {
    /// On the questions of this router.
    pub fn new(router: Arc<Router>, proposals: Arc<Proposals>, store: Arc<dyn FeedbackStore>) -> Self {
        Self { router, proposals, store }
    }
}
