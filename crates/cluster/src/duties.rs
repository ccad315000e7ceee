use crate::InstanceId;
use crate::ports::InstanceStore;
use square_kernel::Unavailable;
use std::sync::Arc;

/// What only one instance may do at a time.
#[derive(Clone)]
pub struct Duties {
    store: Arc<dyn InstanceStore>,
    me: InstanceId,
}

impl Duties {
    /// For the instance `me`.
    pub fn new(store: Arc<dyn InstanceStore>, me: InstanceId) -> Self {
        Self { store, me }
    }

    /// Whether `duty` is this instance's, now that it asks. Ask before each piece of the work. An instance that was
    /// taken for dead meanwhile may still be at work on one piece when another one begins, so that work must bear being
    /// done twice.
    pub async fn mine(&self, duty: &str) -> Result<bool, Unavailable> {
        self.store.take(duty, self.me).await
    }
}
